import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { createStepRig, desiredOf, rolloutOf, type StepRig } from '../../test/support/step-rig.ts';
import { instanceOf, TIME } from '../../test/support/fake-app.ts';
import type { Instance } from '../domain/instance.ts';
import type { AppRoute, Step } from '../domain/plan.ts';
import type { BackendReport } from '../ports/router.ts';
import type { Readiness } from './readiness.ts';
import { createProgress, type Progress } from './progress.ts';

const patient = new AbortController().signal;
const SECOND = 1_000;

let rig: StepRig;
let progress: Progress;
let upAt: Map<string, number>;
beforeEach(() => {
  rig = createStepRig();
  upAt = new Map();
  const readiness: Pick<Readiness, 'readySince'> = { readySince: (id) => upAt.get(id) };
  progress = createProgress({ ...rig.deps, readiness: readiness as Readiness });
});

/** web instance `number` of deployment 2; ready this many seconds after its start, or not yet. */
function web(number: number, seconds: number | null, seq = 2): Instance {
  const id = `d${seq} web.${number}`;
  if (seconds !== null) upAt.set(id, TIME.getTime() + seconds * SECOND);
  const state = seconds === null ? 'starting' : 'ready';
  return { ...instanceOf('hello-id', 'web', number, seq), id, seq, state };
}
const rolling = (status: 'pending' | 'rolling' = 'rolling') =>
  desiredOf({ next: rolloutOf(rig.image(), 2, status) });
const report = (requests: number): BackendReport[] => [
  { app: 'hello-id', key: 'd1', role: 'serving', sessions: 0, requests, dropped: 0, servers: [] },
];

describe('whoever watches', () => {
  it('is told once of each new instance, and how long it took', () => {
    const here = [web(1, 2.34), web(2, null), web(3, 5, 1)];
    progress.instances(rolling(), here, patient);
    progress.instances(rolling(), here, patient);
    expect(rig.said).toEqual(['deployment-2:        web.1 is up after 2.3 s']);
    progress.instances(rolling(), [here[0] ?? web(1, 0), web(2, 0)], patient);
    expect(rig.said).toHaveLength(2);
  });

  it('hears nothing when nothing is under way, and never of a time before the start', () => {
    progress.instances(desiredOf(), [web(1, 1)], patient);
    expect(rig.said).toEqual([]);
    progress.instances(rolling(), [web(1, -3)], patient);
    expect(rig.said).toEqual(['deployment-2:        web.1 is up after 0.0 s']);
  });

  it('who cannot be told stops nothing, and the operator hears of it', async () => {
    const said: string[] = [];
    const log = pino({}, { write: (line: string) => said.push(line) });
    const narrate = () => Promise.reject(new Error('database away'));
    const readiness = { readySince: () => 0 } as unknown as Readiness;
    createProgress({ ...rig.deps, log, narrate, readiness }).instances(rolling(), [web(1, 1)], patient);
    await expect.poll(() => said.join(''), { interval: 1 }).toContain('could not write to the transcript');
  });
});

describe('the ledger', () => {
  it('of a deployment that an earlier controller began counts from when we saw it, not from ever', () => {
    rig.rollouts.count(report(50_000));
    progress.instances(rolling(), [web(1, null)], patient);
    rig.rollouts.count(report(50_007));
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').requests).toBe(7);
  });

  it('of one that is pending has not begun', () => {
    progress.instances(rolling('pending'), [], patient);
    rig.rollouts.count(report(3));
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').requests).toBe(0);
  });

  it('has its boot end when the whole incoming set is ready', () => {
    progress.instances(rolling(), [web(1, 1), web(2, null)], patient);
    rig.answers.nowMs += 10;
    progress.instances(rolling(), [web(1, 1), web(2, 2), web(1, null, 1)], patient);
    rig.answers.nowMs += 20;
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').bootMs).toBe(10);
  });
});

describe('an acknowledged route', () => {
  const target = { seq: 2, instances: ['d2 web.1'] };
  const old = { seq: 1, instances: ['d1 web.1'] };
  const route = (to: AppRoute): Step[] => [{ do: 'route', to }];

  it('is no switch when the incoming deployment is only staged', () => {
    progress.routed(rolling(), route({ serving: old, staged: null }), 3);
    progress.routed(rolling(), route({ serving: old, staged: target }), 3);
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').switchMs).toBe(0);
  });

  it('is the switch when the incoming deployment serves', () => {
    progress.routed(rolling(), route({ serving: target, staged: null }), 12);
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').switchMs).toBe(12);
  });

  it('means nothing without a deployment, and a round without a route means nothing', () => {
    progress.routed(desiredOf(), route({ serving: target, staged: null }), 12);
    progress.routed(rolling(), [{ do: 'prove', untilMs: 90_000 }], 12);
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').switchMs).toBe(0);
  });
});
