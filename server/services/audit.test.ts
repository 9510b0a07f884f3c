import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAmbient } from '../../lib/ambient.ts';
import { createMemoryAuditTrail } from '../../test/support/memory-audit-trail.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { Actor } from '../domain/actor.ts';
import type { AuditCall } from '../domain/audit.ts';
import type { Cause } from '../domain/cause.ts';
import { PlatformError } from '../domain/errors.ts';
import { createAudit, type AuditedCall } from './audit.ts';

function createRig() {
  const rig = createStoresRig();
  const complaints: string[] = [];
  const begun: AuditCall[] = [];
  const memory = createMemoryAuditTrail(
    (name) => [...rig.world.apps.values()].find((app) => app.name === name)?.id,
  );
  const trail = rig.mishaps.on('trail', {
    ...memory,
    begin: (call: AuditCall, signal: AbortSignal) => (begun.push(call), memory.begin(call, signal)),
  });
  const causes = createAmbient<Cause>();
  const log = pino({ level: 'error' }, { write: (text) => void complaints.push(text) });
  const service = createAudit({ ...{ trail, apps: rig.apps, causes, clock: rig.clock, log } });
  const callOf = (change: Partial<AuditedCall> = {}): AuditedCall => ({
    ...{ actor: rig.ann, door: 'api', ip: '192.0.2.7', requestId: 'r-1', action: 'PUT /x', target: {} },
    ...change,
  });
  return {
    ...{ ...rig, service, causes, begun, complaints },
    around: <T>(work: () => Promise<T>, change?: Partial<AuditedCall>) =>
      service.around(callOf(change), work, patient),
    /** `succeeded` or `refused name_taken`, newest first. */
    outcomes: async (): Promise<string[]> =>
      (await service.all(rig.admin, { limit: 100 }, patient)).map(({ outcome, error }) =>
        error === null ? outcome : `${outcome} ${error}`,
      ),
  };
}

describe('a call that may change something [S-API-13]', () => {
  it('is written down before anything is done, by whom and from where, and with its end', async () => {
    const rig = createRig();
    const credential = { kind: 'token', id: 'token-id' } as unknown as NonNullable<Actor['credential']>;
    const done = await rig.around(
      async () => {
        expect(await rig.outcomes()).toEqual(['unknown']);
        return 'what was done';
      },
      { actor: { ...rig.ann, credential }, target: { app: 'hello' } },
    );
    expect(done).toBe('what was done');
    expect(rig.begun).toMatchObject([
      {
        ...{
          at: '2026-11-21T12:00:00.000Z',
          door: 'api',
          ip: '192.0.2.7',
          requestId: 'r-1',
          action: 'PUT /x',
        },
        ...{
          actor: { id: rig.ann.userId, email: 'ann@example.com' },
          token: 'token-id',
          target: { app: 'hello' },
        },
      },
    ]);
    expect(await rig.outcomes()).toEqual(['succeeded']);
  });

  it('names no token when it came by something else', async () => {
    const rig = createRig();
    const credential = { kind: 'key', id: 'key-id' } as unknown as NonNullable<Actor['credential']>;
    for (const actor of [rig.ann, { ...rig.ann, credential }])
      await rig.around(() => Promise.resolve(), { actor });
    expect(rig.begun.map(({ token }) => token)).toEqual([null, null]);
  });

  it('does not write down passwords that are in an address', async () => {
    const rig = createRig();
    await rig.around(() => Promise.resolve(), {
      target: { drain: 'https%3A%2F%2Fann%3Asecret%40example.com%2Flogs' },
    });
    expect(rig.begun[0]?.target).toEqual({ drain: 'https://[redacted]@example.com/logs' });
  });

  it('is known as the cause of what is changed meanwhile, and of nothing else', async () => {
    const rig = createRig();
    const cause = await rig.around(() => Promise.resolve(rig.causes.get()));
    expect(cause).toEqual({ call: rig.begun[0]?.id, userId: rig.ann.userId, email: 'ann@example.com' });
    expect(rig.causes.get()).toBeUndefined();
  });

  it('that is refused, or failed, says so by id and passes the failure on', async () => {
    const rig = createRig();
    const failures = [
      PlatformError.of('name_taken', { name: 'x' }),
      z.string().safeParse(7).error ?? new Error('it is none'),
      new Error('a bug, with a secret in its words'),
    ];
    for (const failure of failures)
      await expect(rig.around(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(await rig.outcomes()).toEqual([
      ...['failed internal_error', 'refused invalid_params', 'refused name_taken'],
    ]);
  });

  it('may tell by its answer that it was refused', async () => {
    const rig = createRig();
    const problemOf = (exit: number) => (exit === 0 ? undefined : 'push_refused');
    const call = {
      actor: rig.ann,
      door: 'git',
      ip: null,
      requestId: null,
      action: 'git push',
      target: {},
    } as const;
    for (const exit of [0, 1])
      expect(await rig.service.around(call, () => Promise.resolve(exit), patient, problemOf)).toBe(exit);
    expect(await rig.outcomes()).toEqual(['refused push_refused', 'succeeded']);
  });

  it('is not made when it cannot be written down', async () => {
    const rig = createRig();
    rig.mishaps.at('trail.begin', () => Promise.reject(PlatformError.of('database_away', {})));
    let done = false;
    await expect(rig.around(() => Promise.resolve(void (done = true)))).rejects.toMatchObject({
      id: 'database_away',
    });
    expect(done).toBe(false);
  });

  it('stands when its end cannot be written down, which somebody must look at', async () => {
    const rig = createRig();
    rig.mishaps.at('trail.end', () => Promise.reject(new Error('away')));
    expect(await rig.around(() => Promise.resolve('done'))).toBe('done');
    expect(await rig.outcomes()).toEqual(['unknown']);
    expect(rig.complaints).toHaveLength(1);
    rig.mishaps.at('trail.end', () => Promise.reject(new Error('away')));
    await expect(rig.around(() => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  });
});

describe('the trail', () => {
  it('of an app is for those who manage it, in pages from the newest on', async () => {
    const rig = createRig();
    const app = await rig.createApp('hello');
    for (const action of ['one', 'two', 'three'])
      await rig.around(() => Promise.resolve(), { action, target: { app: 'hello' } });
    await rig.around(() => Promise.resolve(), { action: 'elsewhere', target: { app: 'other' } });
    const actions = async (query: { limit: number; before?: number }) =>
      (await rig.service.ofApp(rig.ann, 'hello', query, patient)).map(({ action }) => action);
    expect(await actions({ limit: 2 })).toEqual(['three', 'two']);
    expect(await actions({ limit: 2, before: 2 })).toEqual(['one']);
    await rig.collaborators.put(app.id, rig.bob.userId, 'operate', patient);
    await expect(rig.service.ofApp(rig.bob, 'hello', { limit: 9 }, patient)).rejects.toMatchObject({
      id: 'forbidden',
    });
  });

  it('of all is for administrators with a token that may do everything', async () => {
    const rig = createRig();
    await rig.around(() => Promise.resolve());
    const asks = [
      (actor: Actor) => async () => rig.service.all(actor, { limit: 9 }, patient),
      (actor: Actor) => async () => rig.service.verify(actor, patient),
    ];
    for (const ask of asks) {
      await expect(ask(rig.ann)).rejects.toMatchObject({ id: 'forbidden_platform' });
      await expect(ask({ ...rig.admin, scopes: ['read'] })).rejects.toMatchObject({ id: 'scope_too_small' });
    }
    expect(await rig.service.all(rig.admin, { limit: 9, before: 1 }, patient)).toEqual([]);
    expect(await rig.service.verify(rig.admin, patient)).toEqual({ rows: 1, fault: null });
  });
});
