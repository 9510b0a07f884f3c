import fc from 'fast-check';
import { expect, it } from 'vitest';
import { subjectOf } from './subject.ts';

it('is what the path names, whatever the body says', () => {
  const params = { app: 'demo', team: 'acme', pipeline: 'line', coupling: 'c' };
  expect(subjectOf(params, { app: 'other', pipeline: { id: 'other' }, team: 'other' })).toEqual(params);
});

it.each([
  ['a name', { app: 'demo' }],
  ['an object with an id', { app: { id: 'demo', nobody: 'knows' } }],
  ['an object with a name', { app: { name: 'demo' } }],
  ['the source of a promotion', { source: { app: { id: 'demo' } }, targets: 'no list' }],
])('is what the body names where the path does not: %s', (_what, body) => {
  expect(subjectOf({}, body).app).toBe('demo');
});

it.each([
  [{ app: 7 }],
  [{ app: 'a\u0000b' }],
  [{ app: 'x'.repeat(301) }],
  [{ app: [] }],
  [{ app: { id: {} } }],
])('is nothing where %j could be no name', (body) => {
  expect(subjectOf({}, body).app).toBeUndefined();
});

it('is read from anything that JSON can say', () => {
  const shape = fc.record({ app: fc.jsonValue(), pipeline: fc.jsonValue(), source: fc.jsonValue() });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), shape), (body) => {
      const { app, pipeline } = subjectOf({}, body);
      for (const name of [app, pipeline]) expect(name ?? 'none').toMatch(/^[\x21-\x7e]{1,300}$/);
    }),
  );
});
