import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { words } from './words.ts';

describe('the words of a line', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  a  b\tc\n', ['a', 'b', 'c']],
    [`config:set A='b c' B="d \\" e" C=f\\ g`, ['config:set', 'A=b c', 'B=d " e', 'C=f g']],
    [`a '' ""`, ['a', '', '']],
    [`a'b'"c"d`, ['abcd']],
    [`'a\\b' "a\\b" a\\\\b`, ['a\\b', 'a\\b', 'a\\b']],
    [
      '$HOME $(id) `id` *.js a;b a|b a>b a&b ~ {a,b} !1',
      ['$HOME', '$(id)', '`id`', '*.js', 'a;b', 'a|b', 'a>b', 'a&b', '~', '{a,b}', '!1'],
    ],
    ['end\\', ['end\\']],
  ])('of %j', (line, expected) => expect(words(line)).toEqual(expected));

  it.each([`a 'b`, `a "b`])('are refused for %j, whose quote never ends', (line) => {
    expect(() => words(line)).toThrow(/quote is opened and never closed/);
  });

  it('are what was quoted, whatever that is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (given) => {
        const line = given.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
        expect(words(line)).toEqual(given);
      }),
    );
  });
});
