import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellWord } from './shell-word.ts';

it('quotes only what a shell would read as something else', () => {
  expect(['a', 'A_b.c/d:e@f%g+h=i,j-9', 'postgres://u:p@h/d'].map(shellWord)).toEqual([
    ...['a', 'A_b.c/d:e@f%g+h=i,j-9', 'postgres://u:p@h/d'],
  ]);
  expect(['', 'a b', "it's", '$HOME', 'a\nb', 'grün', '~'].map(shellWord)).toEqual([
    ...[`''`, `'a b'`, `'it'\\''s'`, `'$HOME'`, `'a\nb'`, `'grün'`, `'~'`],
  ]);
});

it('is read by a shell as the one word it was made of, whatever is in it', () => {
  // One shell for all: what it was given, a zero after each.
  const unit = fc.constantFrom(...Array.from(`aZ0 '"\\$\`!~#&;|<>()[]{}*?=%^-\t\n\r\u001b\u00fc\u20ac`));
  const words = fc.sample(fc.string({ maxLength: 12, unit }), 200);
  const said = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(said.split('\0').slice(0, -1)).toEqual(words);
});
