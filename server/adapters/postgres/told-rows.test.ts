import { describe, expect, it } from 'vitest';
import { deployedApp, IMAGE } from '../../../test/support/fake-app.ts';
import { EVERYTHING } from '../../domain/actor.ts';
import type { Happening } from '../../domain/happening.ts';
import type { Tables } from './database.ts';
import { readTelling, readThing } from './told-rows.ts';

const { app } = deployedApp('shop', { userId: 'u', email: 'a@b', admin: false, scopes: EVERYTHING });
const AT = new Date('2026-11-21T12:00:00.000Z');

/** Of what these rows need nothing is in a table. */
const tables = new Proxy({} as Tables, {
  get(_tables, name) {
    throw new Error(`no table is set up: ${String(name)}`);
  },
});
const around = {
  ...{ app, tables, current: 'r' },
  email: (id: string) => Promise.resolve(`${id}@example.com`),
};

describe('a row', () => {
  const row = {
    ...{ id: 'r', appId: app.id, version: 2, status: 'succeeded', description: 'Deploy', image: IMAGE },
    ...{ collectedAt: null, commit: 'c0ffee', userId: 'ann', failure: null },
    ...{ createdAt: '2026-11-21T11:00:00.000+00:00', updatedAt: AT },
  };

  it('is the same thing whether its times are dates or, as in an event, text', async () => {
    const thing = await readThing('release', row, around);
    expect(thing).toMatchObject({
      kind: 'release',
      release: {
        ...{ id: 'r', version: 2, current: true, image: IMAGE, updatedAt: AT },
        ...{ createdAt: new Date('2026-11-21T11:00:00Z'), user: { id: 'ann', email: 'ann@example.com' } },
      },
    });
  });

  it('says only what was asked of it, whatever else was told', async () => {
    const thing = await readThing('release', { ...row, config: 'x', buildId: 'b', newColumn: 1 }, around);
    expect(Object.keys('release' in thing ? thing.release : {}).toSorted()).toEqual(
      'appId,collectedAt,commit,createdAt,current,description,failure,id,image,status,updatedAt,user,version'.split(
        ',',
      ),
    );
  });

  it('of a collaborator has the person, and of an app its owner', async () => {
    const times = { createdAt: AT, updatedAt: AT };
    const collaborator = { id: 'c', userId: 'bob', role: 'deploy', appId: app.id, ...times };
    expect(await readThing('collaborator', collaborator, around)).toMatchObject({
      collaborator: { id: 'c', role: 'deploy', user: { id: 'bob', email: 'bob@example.com' } },
    });
    const appRow = {
      ...{ id: app.id, name: 'shop', network: null, ownerId: 'ann', teamId: null, locked: false, acm: false },
      ...{ deployBranch: null, formation: { web: 1 }, maintenance: true, revision: 1, releasedAt: null },
      ...{ slugBytes: 12n, repositoryBytes: null, ...times },
    };
    expect(await readThing('app', appRow, around)).toMatchObject({
      app: {
        ...{ name: 'shop', maintenance: true, slugBytes: 12, repositoryBytes: null, releasedAt: null },
        owner: { id: 'ann', email: 'ann@example.com' },
        standing: { owner: true },
      },
    });
  });

  it('of a build that waits has nothing that it made later', async () => {
    const queued = {
      ...{ id: 'b', appId: app.id, userId: 'ann', attempt: 0, status: 'queued', ref: 'refs/heads/main' },
      ...{ commit: 'c0ffee', from: null, upload: null, buildpacks: ['gantry/nodejs'], failure: null },
      ...{ image: IMAGE, createdAt: AT, finishedAt: null },
    };
    expect(await readThing('build', queued, around)).toMatchObject({
      email: 'ann@example.com',
      build: { image: null, releaseId: null, push: { commit: 'c0ffee' }, buildpacks: ['gantry/nodejs'] },
    });
  });

  it('that is not as it should be is refused', async () => {
    await expect(readThing('release', { ...row, status: 'odd' }, around)).rejects.toThrow(/status/);
  });
});

describe('an instance that was noted', () => {
  const note = (change: Partial<Happening>): Happening => ({
    ...{ seq: 1, at: AT, app: { id: app.id, name: 'shop' }, kind: 'instance', action: 'create', by: null },
    ...{ subject: 'container', before: null, after: {} },
    ...change,
  });
  const after = { name: 'web.1', type: 'web', number: 1, release: 3, startedAt: '2026-11-21T11:59:00.000Z' };

  it('is what the note says, with its times', () => {
    expect(readTelling(note({ after: { ...after, state: 'starting', command: 'run' } }))).toEqual({
      now: {
        ...{ id: 'container', type: 'web', number: 1, release: 3, state: 'starting', endedAt: null },
        startedAt: new Date('2026-11-21T11:59:00.000Z'),
      },
      was: null,
    });
  });

  it.each([
    ['starting', 'starting'],
    ['up', 'ready'],
    ['stopping', 'stopping'],
    ['crashed', 'crashed'],
    ['down', 'stopping'],
    ['a word of another version', 'stopping'],
  ])('with the state %s is %s', (state, is) => {
    expect(readTelling(note({ after: { ...after, state } })).now.state).toBe(is);
  });

  it('had another state before, if it was a change', () => {
    const change = { action: 'update', before: { state: 'starting' } } as const;
    expect(readTelling(note({ ...change, after: { ...after, state: 'up' } })).was?.state).toBe('starting');
    const end = { action: 'destroy', before: { state: 'up' }, after: { ...after, state: 'down' } } as const;
    expect(readTelling(note(end))).toMatchObject({ was: null, now: { endedAt: AT } });
  });

  it('of an earlier version of the platform has no times', () => {
    const { type, number, release } = after;
    const old = { type, number, release, state: 'up' };
    expect(readTelling(note({ after: old })).now.startedAt).toBeNull();
  });
});
