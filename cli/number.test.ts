import { expect, it } from 'vitest';
import { UsageError } from './failures.ts';
import { wholeNumber } from './number.ts';

it.each([
  ['1', 1],
  ['1500', 1500],
  ['007', 7],
])('reads %s as %i', (text, number) => {
  expect(wholeNumber('--num', text, { max: 1500 })).toBe(number);
});

it.each(['0', '1501', '-1', '+1', '1.5', '1e3', '0x10', '', ' 1', 'many', '9'.repeat(400)])(
  'refuses %j',
  (text) => {
    expect(() => wholeNumber('--num', text, { max: 1500 })).toThrow(
      new UsageError(`--num must be a number from 1 to 1500, not ${text}.`),
    );
  },
);
