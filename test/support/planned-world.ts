import type { Instance, InstanceState } from '../../server/domain/instance.ts';
import { NO_ROUTE, type Side, type Step, type World } from '../../server/domain/plan.ts';

/** Worlds for the planner to decide about, at one moment. */
export const NOW = 10_000_000;

export function instance(
  seq: number,
  number: number,
  state: InstanceState,
  more: Partial<Instance> = {},
): Instance {
  const type = more.type ?? 'web';
  const attempt = more.attempt ?? 0;
  return {
    id: `${seq}-${type}.${number}-${attempt}`,
    appId: 'a',
    seq,
    release: seq,
    type,
    number,
    attempt,
    host: 'local',
    address: '10.0.0.2',
    port: 5000,
    state,
    startedAt: new Date(NOW - 5_000),
    endedAt: state === 'crashed' ? new Date(NOW - 100) : null,
    exit: state === 'crashed' ? { code: 1, outOfMemory: false } : null,
    ...more,
  };
}

export const web = (seq: number): Side => ({ seq, types: ['web'] });

export function world(more: Partial<World>): World {
  return {
    nowMs: NOW,
    deleting: false,
    formation: new Map([['web', 1]]),
    current: null,
    next: null,
    instances: [],
    route: NO_ROUTE,
    traffic: new Map(),
    unready: new Map(),
    ...more,
  };
}

export const incoming = (seq: number, more: object = {}) =>
  ({
    ...web(seq),
    status: 'rolling',
    heard: null,
    proven: false,
    trouble: null,
    hasCommand: false,
    relayed: false,
    ...more,
  }) as const;

export const only = <D extends Step['do']>(steps: Step[], name: D): Extract<Step, { do: D }>[] =>
  steps.filter((step): step is Extract<Step, { do: D }> => step.do === name);
