import { describe, expect, it } from 'vitest';
import { instance, NOW } from '../../test/support/planned-world.ts';
import type { Instance } from './instance.ts';
import { releasePhase } from './release-phase.ts';

const TOLD = { seq: 2, hasCommand: true, relayed: true };
const HOUR = 3_600_000;
const phase = (instances: Instance[], next: Partial<typeof TOLD> = {}) =>
  releasePhase({ instances, nowMs: NOW }, { ...TOLD, ...next });
const run = (state: Instance['state'], more: Partial<Instance> = {}) =>
  instance(2, 1, state, { type: 'release', ...more });
const ended = (code: number, outOfMemory = false) => run('crashed', { exit: { code, outOfMemory } });

describe('the release command', () => {
  it('is nothing to wait for where there is none', () => {
    expect(phase([ended(1)], { hasCommand: false })).toEqual({ is: 'over' });
  });

  it('is to be started, and again when that did not get far; that of another deployment is another', () => {
    expect(phase([])).toEqual({ is: 'running', instance: null });
    expect(phase([run('created')])).toEqual({ is: 'running', instance: null });
    expect(phase([instance(1, 1, 'crashed', { type: 'release' })])).toEqual({
      is: 'running',
      instance: null,
    });
  });

  it.each(['starting', 'ready', 'stopping'] as const)('runs while it is %s, for an hour', (state) => {
    const since = (ms: number) => run(state, { startedAt: new Date(NOW - ms) });
    expect(phase([since(HOUR)])).toEqual({ is: 'running', instance: '2-release.1-0' });
    expect(phase([since(HOUR + 1)])).toEqual({
      is: 'failed',
      reason: 'the release command did not end within 60 minutes',
    });
  });

  it('is waited for until all it printed is told', () => {
    for (const code of [0, 1])
      expect(phase([ended(code)], { relayed: false })).toEqual({ is: 'running', instance: '2-release.1-0' });
  });

  it('is not waited for when its words cannot be had a minute after its end', () => {
    const long = (code: number) => ({ ...ended(code), endedAt: new Date(NOW - 60_001) });
    expect(phase([long(0)], { relayed: false })).toEqual({ is: 'over' });
    expect(phase([long(1)], { relayed: false })).toMatchObject({ is: 'failed' });
  });

  it('waits for the end of that of an earlier deployment, which is being told to end', () => {
    const other = (state: Instance['state']) => instance(1, 1, state, { type: 'release' });
    for (const state of ['starting', 'ready', 'stopping'] as const)
      expect(phase([other(state)])).toEqual({ is: 'waiting' });
    expect(phase([other('crashed')])).toEqual({ is: 'running', instance: null });
    expect(phase([other('ready'), run('starting')]), 'which runs already').toMatchObject({ is: 'running' });
  });

  it('is over when it ended well', () => {
    expect(phase([ended(0)])).toEqual({ is: 'over' });
  });

  it.each([
    [ended(3), 'the release command exited with status 3'],
    [ended(137, true), 'the release command was killed because it used more memory than it may'],
    [
      ended(137),
      'the release command was killed (status 137), most likely because it used more memory than it may',
    ],
    [run('crashed', { exit: null }), 'the release command exited with status unknown'],
  ])('fails its release otherwise', (found, reason) => {
    expect(phase([found])).toEqual({ is: 'failed', reason });
  });
});
