import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapped, wrappedPairs } from './wrap.ts';

describe('a text', () => {
  it('is broken between words, and a word that is too long is left whole', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('a gigantic b', 4)).toEqual(['a', 'gigantic', 'b']);
    expect(wrapped('', 4)).toEqual(['']);
  });

  it('keeps all its words, on lines that are no longer than they may be', () => {
    const text = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }).map((all) => all.join(' '));
    fc.assert(
      fc.property(text, fc.integer({ min: 8, max: 60 }), (any, width) => {
        const lines = wrapped(any, width);
        expect(lines.join(' ')).toBe(any);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

it('beside a name is below it on a narrow screen', () => {
  const pairs = [['certs:add', 'add a certificate and its key']] as const;
  expect(wrappedPairs(pairs, 40)).toEqual(['  certs:add  add a certificate and its', '             key']);
  expect(wrappedPairs(pairs, 30)).toEqual(['  certs:add', '    add a certificate and its', '    key']);
});
