import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envFile, readEnvFile } from './env-file.ts';

const read = (text: string): Record<string, string> => Object.fromEntries(readEnvFile(text));

describe('config vars as lines', () => {
  it('are in the order of their names, with quotes where a shell needs them', () => {
    expect(envFile({ B: "it's two", A: '1', C: 'one\ntwo' })).toBe("A=1\nB='it'\\''s two'\nC='one\ntwo'\n");
  });

  it('are read back as they were, whatever stands in them', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const value = fc.oneof(
      fc.string({
        unit: fc.constantFrom('a', "'", '"', '\\', '\n', ' ', '#', '=', '$', '`', '\r', 'é', 'n'),
      }),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (config) => {
        expect(read(envFile(config))).toEqual({ ...config });
      }),
    );
  });

  it.each([
    ['A=1\n\n# a remark\n  B=2', { A: '1', B: '2' }],
    ['A=', { A: '' }],
    ['A=\nB=1', { A: '', B: '1' }],
    ['export A=1', { A: '1' }],
    ['A = 1', { A: '1' }],
    ['A=two words  \r\nB=2\r\n', { A: 'two words', B: '2' }],
    ['A="two\\nlines \\"and\\" \\$HOME"', { A: 'two\nlines "and" $HOME' }],
    ["A='no \\n line end'", { A: 'no \\n line end' }],
    ["A='  kept  '", { A: '  kept  ' }],
    ['A="C:\\temp"', { A: 'C:\\temp' }],
    ['A=a\\ b', { A: 'a b' }],
    ['A=b#c # d', { A: 'b#c # d' }],
    ['A=x=y', { A: 'x=y' }],
    ['', {}],
    ['# nothing', {}],
  ])('are read as people write them: %j', (text, config) => {
    expect(read(text)).toEqual(config);
  });

  it.each([
    ['A=1\nB', /^Line 2 is not of the form KEY=value\.$/],
    ['A=1\n\n=2', /^Line 3 is not/],
    ["A=1\nB='x\ny", /^Line 2 opens a quote for B that is never closed\.$/],
    ['A="x', /never closed/],
    ['A=1\nA=2', /^Line 2 gives A a second value\.$/],
  ])('say which line cannot be read: %j', (text, problem) => {
    expect(() => readEnvFile(text)).toThrow(problem);
  });
});
