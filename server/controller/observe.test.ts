import { describe, expect, it } from 'vitest';
import { desiredOf, createStepRig, rolloutOf } from '../../test/support/step-rig.ts';
import { keyringOf } from '../../test/support/keyring.ts';
import { createFakeRouter } from '../../test/support/fake-router.ts';
import type { FoundInstance } from '../ports/engine.ts';
import { judge, worldOf } from './observe.ts';
import { createReadiness } from './readiness.ts';
import { createRoutes } from './routes.ts';

const found = (id: string, state: FoundInstance['state'] = 'starting'): FoundInstance => ({
  id,
  appId: 'hello-id',
  seq: 1,
  release: 1,
  type: 'web',
  number: 1,
  attempt: 0,
  host: 'local',
  address: '10.0.0.2',
  port: 5000,
  state,
  startedAt: null,
  endedAt: null,
  exit: null,
});

describe('what runs', () => {
  it('is ready when it answered, and stopping once it was told to end until it is removed', async () => {
    await using readiness = createReadiness({
      health: { check: () => Promise.resolve({ ready: true }) },
      nowMs: () => 0,
      changed: () => undefined,
    });
    for (const id of ['ready', 'ending', 'dead']) readiness.trust(id);
    const all = [
      found('fresh'),
      found('ready'),
      found('ending'),
      found('dead', 'crashed'),
      found('ended', 'crashed'),
      found('made', 'created'),
    ];
    expect(judge(all, readiness, new Set(['ending', 'ended'])).map(({ id, state }) => [id, state])).toEqual([
      ['fresh', 'starting'],
      ['ready', 'ready'],
      ['ending', 'stopping'],
      ['dead', 'crashed'],
      ['ended', 'stopping'],
      ['made', 'created'],
    ]);
  });
});

describe('the world of an app', () => {
  const rig = createStepRig();
  const observed = {
    nowMs: 5,
    look: { traffic: new Map(), reports: [] },
    routes: createRoutes({
      router: createFakeRouter({ answer: () => 200 }),
      keyring: keyringOf(createFakeRouter({ answer: () => 200 })),
      fixed: [],
      epoch: () => 1,
      nowMs: () => 5,
    }),
    rollouts: rig.rollouts,
    readiness: { reason: (id: string) => (id === 'a' ? 'nothing listens on port 5000' : undefined) },
  };

  it('has no sides before the first deployment', () => {
    const world = worldOf(desiredOf(), [], observed);
    expect(world).toMatchObject({ nowMs: 5, deleting: false, current: null, next: null });
  });

  it('knows how far the incoming deployment is, and which types are run', () => {
    const processes = { web: { command: 'a', argv: null }, release: { command: 'migrate', argv: null } };
    const image = rig.image({}, { processes });
    rig.rollouts.relayed('deployment-2');
    rig.rollouts.proven('deployment-2');
    rig.rollouts.refuted('deployment-2', 'GET / was answered 500');
    rig.rollouts.refused('deployment-2', 'web.1', 'no room', true);
    const desired = desiredOf({ current: rolloutOf(image, 1, 'succeeded'), next: rolloutOf(image, 2) });
    const world = worldOf(desired, [found('a')], observed);
    expect(world.current).toEqual({ seq: 1, types: ['web'] });
    expect(world.next).toEqual({
      seq: 2,
      types: ['web'],
      status: 'rolling',
      heard: 'GET / was answered 500',
      proven: true,
      trouble: 'no room',
      hasCommand: true,
      relayed: true,
    });
    const restart = desiredOf({ next: { ...rolloutOf(image, 3), fresh: false } });
    expect(worldOf(restart, [], observed).next).toMatchObject({ hasCommand: false, relayed: false });
    expect(world.instances).toHaveLength(1);
    expect(world.unready).toEqual(new Map([['a', 'nothing listens on port 5000']]));
  });

  it('has a pending deployment as pending', () => {
    const desired = desiredOf({ next: rolloutOf(rig.image(), 3, 'pending') });
    expect(worldOf(desired, [], observed).next?.status).toBe('pending');
  });
});
