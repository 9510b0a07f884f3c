import { describe, expect, it } from 'vitest';
import { PlatformError } from '../../domain/errors.ts';
import { foreignFailure, isTaken, lostRace } from './failures.ts';

/** As Prisma wraps the adapter's error, which wraps the driver's. */
const wrapped = (cause: object): Error =>
  Object.assign(new Error('Invalid `prisma.app.create()` invocation'), {
    code: 'P2010',
    meta: { driverAdapterError: Object.assign(new Error('x'), { cause }) },
  });
const withCode = (code: string): Error => Object.assign(new Error('x'), { code });

describe('a database that is away', () => {
  it.each([
    ['nobody listens', withCode('ECONNREFUSED')],
    ['the socket is not there', withCode('ENOENT')],
    ['Prisma lost it', withCode('P1001')],
    ['it is shutting down', wrapped({ originalCode: '57P01' })],
    ['it has too many clients', wrapped({ kind: 'TooManyConnections' })],
    ['the pool says so in words', new Error('Connection terminated unexpectedly')],
    ['the words are of the driver', wrapped({ originalMessage: 'timeout exceeded when trying to connect' })],
  ])('is told as such when %s, with the cause kept', (_, err) => {
    expect(foreignFailure(err)).toMatchObject({ id: 'database_away', retry: true, cause: err });
  });

  it.each([
    ['a broken rule', wrapped({ originalCode: '23505' })],
    ['a bug', new TypeError('Connection is undefined')],
    ['words in the middle', new Error('the app said: Connection terminated')],
    ['what is no error', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('is not %s, which stays what it was', (_, err) => {
    expect(foreignFailure(err)).toBe(err);
  });

  it('is not a failure of ours, whatever caused that', () => {
    const ours = PlatformError.of('app_changed', { app: 'x' }, withCode('ECONNREFUSED'));
    expect(foreignFailure(ours)).toBe(ours);
  });

  it('is looked for only so deep: errors that hold themselves come to an end', () => {
    const circular: Error & { cause?: unknown } = new Error('x');
    circular.cause = circular;
    expect(foreignFailure(circular)).toBe(circular);
  });
});

describe('a race that was lost', () => {
  it.each([
    ['P2034', withCode('P2034')],
    ['a serialization failure', wrapped({ originalCode: '40001' })],
    ['a deadlock', wrapped({ originalCode: '40P01' })],
    ['a conflict by name', wrapped({ kind: 'TransactionWriteConflict' })],
  ])('is seen in %s', (_, err) => {
    expect(lostRace(err)).toBe(true);
  });

  it('is not any other failure', () => {
    for (const err of [withCode('P2002'), wrapped({ originalCode: '23505' }), new Error('40001'), null])
      expect(lostRace(err)).toBe(false);
  });
});

describe('a name that is taken', () => {
  const taken = (column: string): Error => {
    const cause = { kind: 'UniqueConstraintViolation', constraint: { fields: [column] } };
    return Object.assign(wrapped(cause), { code: 'P2002' });
  };

  it('is told by its column', () => {
    expect([isTaken(taken('name'), 'name'), isTaken(taken('name'), 'fingerprint')]).toEqual([true, false]);
    const foreign = wrapped({ kind: 'ForeignKeyConstraintViolation', constraint: { fields: ['name'] } });
    expect(isTaken(foreign, 'name')).toBe(false);
    expect([isTaken(withCode('P2002'), 'name'), isTaken(new Error('name'), 'name')]).toEqual([false, false]);
  });
});
