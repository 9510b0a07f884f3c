import { describe, expect, it } from 'vitest';
import { errorTable, isSystemError, KnownError, messageOf, row } from './errors.ts';

const table = errorTable({
  door_shut: row<{ door: string }>({ retry: true, say: ({ door }) => `The ${door} door is shut.` }),
  key_lost: row<object>({ retry: false, say: () => 'The key is lost.' }),
});
const other = errorTable({ roof_off: row<object>({ retry: false, say: () => 'The roof is off.' }) });

describe('a table of failures', () => {
  it('makes errors with the id, the sentence and everything that was said about them', () => {
    const cause = new Error('rust');
    const err = table.of('door_shut', { door: 'front' }, cause);
    expect(err).toMatchObject({ id: 'door_shut', retry: true, message: 'The front door is shut.', cause });
    expect(err.params).toEqual({ door: 'front' });
    expect(err.stack).toContain('errors.test');
    expect('cause' in table.of('key_lost', {})).toBe(false);
  });

  it('knows its own rows from those of others, and from bugs', () => {
    const err: unknown = table.of('key_lost', {});
    expect([table.is(err), table.is(err, 'key_lost'), table.is(err, 'door_shut')]).toEqual([
      true,
      true,
      false,
    ]);
    expect([other.is(err), table.is(new Error('key_lost')), table.is('key_lost')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(table.is(new KnownError('toString', false, 'x', { params: {} }), 'key_lost')).toBe(false);
  });

  it('lists its ids', () => {
    expect(table.ids).toEqual(['door_shut', 'key_lost']);
  });

  it('does not take what every object has for a row', () => {
    expect(table.is(new KnownError('toString', false, 'x', { params: {} }))).toBe(false);
  });
});

it('has a message for whatever was thrown', () => {
  expect([new Error('a'), 'b', 7, null, undefined].map(messageOf)).toEqual([
    'a',
    'b',
    '7',
    'null',
    'undefined',
  ]);
});

it('knows system errors by their code', () => {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  expect([isSystemError(missing, 'ENOENT'), isSystemError(missing, 'EACCES')]).toEqual([true, false]);
  expect([isSystemError({ code: 'ENOENT' }, 'ENOENT'), isSystemError(new Error('ENOENT'), 'ENOENT')]).toEqual(
    [false, false],
  );
});
