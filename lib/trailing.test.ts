import { expect, it } from 'vitest';
import { unpunctuated, withoutTrailing } from './trailing.ts';

it.each([
  ['a==', '=', 'a'],
  ['a=b', '=', 'a=b'],
  ['why. \n', '. \n', 'why'],
  ['...', '.', ''],
  ['', '.', ''],
  ['a', '', 'a'],
])('takes from %j what it ends with of %j', (text, signs, left) => {
  expect(withoutTrailing(text, signs)).toBe(left);
});

it('makes a sentence a part of another', () => {
  expect(['It failed.', 'It failed.\n', 'It failed'].map(unpunctuated)).toEqual(Array(3).fill('It failed'));
});
