import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, type Actor } from '../../domain/actor.ts';
import type { Database } from './database.ts';
import { createSeenApps } from './seen-apps.ts';

const AT = new Date('2026-11-21T12:00:00Z');
const never = new AbortController().signal;

const person = (userId: string): Actor => ({
  ...{ userId, email: 'ann@example.com', admin: false, scopes: EVERYTHING },
});

/** A list of apps as the database would answer it, with what changes from one question to the next. */
function open() {
  const ann = randomUUID();
  const rowOf = (name: string) => ({
    ...{ id: randomUUID(), name, network: 1, ownerId: ann, teamId: null, locked: false, deployBranch: null },
    ...{ formation: { web: 1 }, maintenance: false, acm: false, revision: 0 },
    ...{ createdAt: AT, updatedAt: AT, releasedAt: null, ownerEmail: 'ann@example.com' },
    ...{ slugBytes: null, repositoryBytes: 12_345, teamName: null, teamRole: null, ownRole: null },
  });
  const rows = [rowOf('b'), rowOf('a')];
  const ask = (_question: unknown, [askedBy]: readonly unknown[]) =>
    Promise.resolve(rows.map((row) => ({ said: JSON.stringify({ ...row, askedBy }) })));
  const refuse = () => Promise.reject(new Error('nothing else is asked'));
  const db: Database = {
    ask: ask as unknown as Database['ask'], // whose rows are what the question says
    ...{ run: refuse, transaction: refuse, dealing: refuse },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const apps = createSeenApps(db);
  return { ann, rows, list: (userId: string = ann) => apps.list(person(userId), never) };
}

describe('a list of apps', () => {
  it('is in the order of names, and has the same objects in it as long as they say the same', async () => {
    const { list } = open();
    const first = await list();
    expect(first.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(first[0]).toMatchObject({ formation: new Map([['web', 1]]), createdAt: AT, releasedAt: null });
    const second = await list();
    expect(second.map((app, nth) => app === first[nth])).toEqual([true, true]);
  });

  it('has what has changed as it is now, and the rest as it was', async () => {
    const { list, rows } = open();
    const before = await list();
    Object.assign(rows[0] ?? {}, { maintenance: true, ownerEmail: 'anna@example.com' });
    const now = await list();
    expect(now.map(({ name, maintenance }) => [name, maintenance])).toEqual([
      ['a', false],
      ['b', true],
    ]);
    expect(now[1]?.owner.email).toBe('anna@example.com');
    expect(now[0]).toBe(before[0]);
    rows.pop();
    expect(await list()).toHaveLength(1);
  });

  it('says to each who asks what they are to an app, and not what another is', async () => {
    const { ann, list } = open();
    const standings = async (userId: string) => (await list(userId)).map(({ standing }) => standing.owner);
    expect(await standings(ann)).toEqual([true, true]);
    expect(await standings(randomUUID())).toEqual([false, false]);
  });

  it('cannot be changed by whoever is shown it', async () => {
    const [app] = await open().list();
    expect(() => Object.assign(app ?? {}, { name: 'other' })).toThrow(TypeError);
  });
});
