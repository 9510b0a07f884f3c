import { describe, expect, it } from 'vitest';
import { undone, type Happening } from './happening.ts';

type Change = Pick<Happening, 'action' | 'before'>;
const update = (before: Happening['before']): Change => ({ action: 'update', before });

describe('a row as it was', () => {
  const row = { id: 'r', status: 'succeeded', failure: null };

  it('is as it is when nothing has happened to it since', () => {
    expect(undone(row, [])).toEqual(row);
    expect(undone(null, [])).toBeNull();
  });

  it('has of each column what it had before the first of the changes, whatever the later ones found', () => {
    const newestFirst = [update({ status: 'rolling', failure: 'x' }), update({ status: 'pending' })];
    expect(undone(row, newestFirst)).toEqual({ id: 'r', status: 'pending', failure: 'x' });
  });

  it('was not there before it was made', () => {
    expect(undone(row, [update({ status: 'pending' }), { action: 'create', before: null }])).toBeNull();
    expect(undone(null, [update({ status: 'pending' })])).toBeNull();
  });

  it('that is gone was what its end tells, also when it was read a moment before', () => {
    const destroy: Change = { action: 'destroy', before: { id: 'r', status: 'failed', failure: 'y' } };
    const was = { id: 'r', status: 'failed', failure: 'y' };
    expect(undone(null, [destroy])).toEqual(was);
    expect(undone(row, [destroy])).toEqual(was);
    expect(undone(null, [destroy, update({ failure: null })])).toEqual({ ...was, failure: null });
  });

  it('is not taken for what was told of it in place of a secret', () => {
    expect(
      undone({ id: 'r', description: 'Set https://a@b' }, [update({ description: '[redacted]' })]),
    ).toEqual({ id: 'r', description: 'Set https://a@b' });
  });
});
