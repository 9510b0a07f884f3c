import { expect, it } from 'vitest';
import { z } from 'zod';
import { problemOf } from './zod-problem.ts';

const port = z.coerce.number().int().min(1).max(65_535);

it.each([
  [port, 'http', 'must be a number'],
  [port, 'Infinity', 'must be a number'],
  [port, '1.5', 'must be a whole number'],
  [port, '0', 'must be at least 1'],
  [port, '65536', 'must be at most 65535'],
  [z.number().positive(), 0, 'must be more than 0'],
  [z.string(), undefined, 'must be a string'],
  [z.string().min(1), '', 'must not be empty'],
  [z.string().min(2), 'a', 'must have at least 2 characters'],
  [z.string().max(2), 'abc', 'must have at most 2 characters'],
  [z.array(z.string()).min(1), [], 'must not be empty'],
  [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entries'],
  [z.array(z.string()), 'a', 'must be a list'],
  [z.object({}), null, 'must be an object'],
  [z.boolean(), 'yes', 'must be true or false'],
  [z.enum(['debug', 'info']), 'loud', 'must be one of debug, info'],
  [z.literal('on'), 'off', 'must be on'],
  [z.strictObject({}), { colour: 1 }, 'is not a field that can be given here'],
  [z.string().regex(/^a/), 'b', 'does not have the form that is expected here'],
  [z.union([z.number(), z.boolean()]), 'b', 'does not have the form that is expected here'],
  [z.url(), 'b', 'does not have the form that is expected here'],
])('says in words what %# asks for', (schema, value, says) => {
  const issue = schema.safeParse(value).error?.issues[0];
  expect(issue && problemOf(issue)).toBe(says);
});

it.each([
  [z.string().regex(/^a/, 'must begin with a.'), 'b', 'must begin with a'],
  [z.string().min(1, 'must be a key'), '', 'must be a key'],
  [z.record(z.string().regex(/^a/, 'must begin with a'), z.string()), { b: '1' }, 'must begin with a'],
  [z.object({}, { error: 'must be names and values' }), 1, 'must be names and values'],
  [z.string().refine(() => false, 'is reserved'), 'b', 'is reserved'],
])('leaves the words that %# has of its own', (schema, value, says) => {
  const issue = schema.safeParse(value).error?.issues[0];
  expect(issue && problemOf(issue)).toBe(says);
});
