import { expect, it } from 'vitest';
import { CATALOGUE } from './catalogue.ts';
import { SHAPES } from './output-shapes.ts';
import { outputText, shapeTexts } from './shape-text.ts';

const texts = new Map(shapeTexts().map(({ name, text }) => [name, text]));

it('writes a shape as types are written, with other shapes by their names', () => {
  expect(texts.get('ReleaseInfo')).toBe('{\n  release: Release\n  deployment: Deployment | null\n}');
  expect(texts.get('ConfigVars')).toBe('{ [name]: string }');
  expect(texts.get('Nothing')).toBe('{}');
  expect(texts.get('Dyno')).toMatch(/^ {2}state: "starting" \| "up" \| "crashed" \| "down"$/m);
  expect(texts.get('Dyno')).toMatch(/^ {2}release: \{ id: string, version: number \}$/m);
  expect(texts.get('CertificateFiles')).toMatch(/^ {2}request\?: string$/m);
});

it('says when it is a list, goes on, or is one of two', () => {
  expect(outputText('App[]')).toBe('App[]');
  expect(outputText('LogLine per line')).toBe('LogLine per line');
  expect(outputText(['Release', 'RollbackPlan'])).toBe('Release or RollbackPlan');
});

it('has no shape that no command prints and no other shape holds', () => {
  const printed = CATALOGUE.flatMap(({ commands }) => commands.map(({ prints }) => prints ?? []));
  const named = [
    'Failure', // which all of them print
    ...printed.flat().map((one) => one.replace(/\[\]$| per line$/, '')),
    [...texts.values()].join(' '),
  ];
  const all = new Set(named.join(' ').match(/\w+/g));
  expect(Object.keys(SHAPES).filter((name) => !all.has(name))).toEqual([]);
});
