import { beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { giveUpUnreadable, type GivingUpDeps } from './giving-up.ts';

const patient = new AbortController().signal;

function appNamed(name: string, spoilt: string | null): DesiredApp {
  return {
    ...{
      app: { id: name, name, network: 1 },
      deleting: false,
      maintenance: false,
      affinity: false,
      domains: [],
    },
    ...{ formation: new Map(), current: null, next: null, unreadable: null },
    unreadableNext:
      spoilt === null ? null : { deploymentId: spoilt, problem: 'image.digest: expected string' },
  };
}

let told: string[];
beforeEach(() => {
  told = [];
});

const giveUp = (apps: readonly DesiredApp[], fail: GivingUpDeps['state']['fail'], signal = patient) =>
  giveUpUnreadable(
    {
      state: { fail },
      epoch: () => 7,
      rollouts: { forget: (id) => void told.push(`forgot ${id}`) },
      decided: (id) => told.push(`decided ${id}`),
      log: quietLog(),
    },
    apps,
    signal,
  );

describe('deployments whose records make no sense', () => {
  it('fail, with a sentence that does not show the records', async () => {
    const failed: unknown[] = [];
    await giveUp([appNamed('sound', null), appNamed('hello', 'd1')], (id, epoch, reason) => {
      failed.push([id, epoch, reason]);
      return Promise.resolve(true);
    });
    expect(failed).toEqual([['d1', 7, expect.stringMatching(/cannot be read.*Deploy again/)]]);
    expect(String(failed)).not.toContain('digest');
    expect(told).toEqual(['forgot d1', 'decided d1']);
  });

  it('are told to nobody when somebody else has decided them', async () => {
    await giveUp([appNamed('hello', 'd1')], () => Promise.resolve(false));
    expect(told).toEqual([]);
  });

  it('of one app keep no other from being given up', async () => {
    const fail = (id: string) => (id === 'd1' ? Promise.reject(new Error('no')) : Promise.resolve(true));
    await giveUp([appNamed('a', 'd1'), appNamed('b', 'd2')], fail);
    expect(told).toEqual(['forgot d2', 'decided d2']);
  });

  it('wait for the next controller when this one is told to end', async () => {
    const ending = new AbortController();
    const fail = () => {
      ending.abort(new Error('ending'));
      return Promise.reject(new Error('aborted'));
    };
    await expect(giveUp([appNamed('a', 'd1')], fail, ending.signal)).rejects.toThrow('aborted');
  });
});
