import { describe, expect, it } from 'vitest';
import { createFakeRunEngine } from '../../test/support/fake-run-engine.ts';
import { patient } from '../../test/support/services-rig.ts';
import { quietLog } from '../../lib/log.ts';
import { createRunCare } from './run-watch.ts';

/** A detached run that ended long ago, and who needs to know how. */
async function openRig(needed: (ids: readonly string[]) => Promise<ReadonlySet<string>>) {
  const at = new Date('2026-11-21T12:00:00.000Z');
  const engine = createFakeRunEngine(() => at);
  const spec = {
    ...{ app: { id: 'app', name: 'demo', network: 1 }, release: 1, number: 1234, argv: null, command: 'x' },
    ...{ config: new Map(), env: new Map(), platformEnv: new Map(), attached: false, tty: false, endsAt: at },
    image: {
      repository: 'apps/app',
      digest: 'sha256:0',
      storedBytes: 1,
      builder: 'x',
      processes: {},
      port: null,
      checks: {},
    },
    size: { name: 'small', memoryMb: 1, cpus: 1, pids: 1 },
  };
  const id = (await engine.createRun(spec, patient)) ?? '';
  engine.end(id, 0);
  const log = quietLog();
  const care = createRunCare({
    engine,
    needed,
    log,
    attended: () => false,
    nowMs: () => at.getTime() + 60_000,
  });
  const left = async (): Promise<number> => (await engine.findRuns(patient)).length;
  return { care, left, id };
}

describe('a run that has ended', () => {
  it('stays while somebody has yet to read how, and goes then', async () => {
    const needing = new Set<string>();
    const { care, left, id } = await openRig(() => Promise.resolve(needing));
    needing.add(id);
    await care.round(patient);
    expect(await left()).toBe(1);
    needing.clear();
    await care.round(patient);
    expect(await left()).toBe(0);
  });

  it('stays while nobody can say whether it is needed', async () => {
    const { care, left } = await openRig(() => Promise.reject(new Error('the database is away')));
    await care.round(patient);
    expect(await left()).toBe(1);
  });
});
