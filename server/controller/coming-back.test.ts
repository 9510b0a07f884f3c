import { describe, expect, it } from 'vitest';
import type { Instance } from '../domain/instance.ts';
import { NO_ROUTE } from '../domain/plan.ts';
import type { DesiredApp, Rollout } from '../ports/controller-state.ts';
import { isComingBack } from './coming-back.ts';

const BORN = 1_000_000;

function rollout(types: readonly string[]): Rollout {
  const process = { command: 'node .', argv: null };
  return {
    deployment: { id: 'd', appId: 'a', seq: 4, releaseVersion: 2, status: 'succeeded' },
    image: { processes: Object.fromEntries(types.map((type) => [type, process])) },
  } as unknown as Rollout; // what is not looked at is left out
}

function desired(changes: Partial<DesiredApp> = {}): DesiredApp {
  return {
    app: { id: 'a', name: 'shop', network: 1 },
    ...{
      deleting: false,
      maintenance: false,
      affinity: false,
      domains: [],
      unreadable: null,
      unreadableNext: null,
    },
    formation: new Map([['web', 2]]),
    current: rollout(['web', 'worker']),
    next: null,
    ...changes,
  };
}

function instance(changes: Partial<Instance>): Instance {
  return {
    ...{ id: 'i', appId: 'a', seq: 4, release: 2, type: 'web', number: 1, attempt: 0, host: 'local' },
    ...{ address: '10.0.0.2', port: 5000, state: 'starting', startedAt: null, endedAt: null, exit: null },
    ...changes,
  };
}

const ended = (ms: number, more: Partial<Instance> = {}): Instance =>
  instance({ state: 'crashed', endedAt: new Date(ms), ...more });
const serving = { serving: { seq: 4, instances: ['i'] }, staged: null };

describe('an app is coming back', () => {
  it.each([
    ['while nothing of it is there', []],
    ['while its process starts', [instance({})]],
    ['though it ended with the machine', [ended(BORN - 1)]],
    [
      'though an instance of another deployment or type has crashed since',
      [ended(BORN + 1, { seq: 3 }), ended(BORN + 1, { type: 'worker' })],
    ],
  ])('%s', (_, instances) => {
    expect(isComingBack({ desired: desired(), instances, route: NO_ROUTE }, BORN)).toBe(true);
  });
});

describe('an app is not coming back', () => {
  it.each<[string, Partial<DesiredApp>]>([
    ['when it was never deployed', { current: null }],
    ['when it has no process for visitors', { current: rollout(['worker']) }],
    ['when it is scaled to nothing', { formation: new Map([['worker', 1]]) }],
    ['when it is being destroyed', { deleting: true }],
    ['when something newer is being deployed', { next: rollout(['web']) }],
    ['when its records make no sense', { unreadable: 'no such release' }],
  ])('%s', (_, changes) => {
    expect(isComingBack({ desired: desired(changes), instances: [], route: NO_ROUTE }, BORN)).toBe(false);
  });

  it('once it serves', () => {
    expect(isComingBack({ desired: desired(), instances: [instance({})], route: serving }, BORN)).toBe(false);
  });

  it('once it has crashed in this life of the platform', () => {
    const instances = [ended(BORN + 1), instance({ attempt: 1 })];
    expect(isComingBack({ desired: desired(), instances, route: NO_ROUTE }, BORN)).toBe(false);
  });
});
