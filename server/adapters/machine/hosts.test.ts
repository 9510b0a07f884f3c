import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { instanceOf } from '../../../test/support/fake-app.ts';
import type { FoundInstance } from '../../ports/engine.ts';
import { createHosts } from './hosts.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const clock = { now: () => NOW };
const patient = new AbortController().signal;
const on = (host: string): FoundInstance => ({ ...instanceOf('a', 'web', 1, 2), host, state: 'starting' });
const listed = (find: () => Promise<readonly FoundInstance[]>, signal = patient) =>
  createHosts({ home: tmpdir(), engine: { find }, clock }).list(signal);

describe('the machine', () => {
  it('has room, processors and the instances that are on it', async () => {
    const [host, ...others] = await listed(() =>
      Promise.resolve([on('local'), on('local'), on('elsewhere')]),
    );
    expect(others).toEqual([]);
    expect(host).toMatchObject({ name: 'local', engine: true, instances: 2 });
    expect(host?.cpus).toBeGreaterThan(0);
    for (const { totalBytes, freeBytes } of [host?.memory, host?.disk].filter((one) => one !== undefined)) {
      expect(freeBytes).toBeGreaterThanOrEqual(0);
      expect(totalBytes).toBeGreaterThan(freeBytes);
    }
    expect(host?.upSince.getTime()).toBeLessThan(NOW.getTime());
  });

  it('is told of while its engine is away, and says so', async () => {
    const [host] = await listed(() => Promise.reject(new Error('connect ENOENT')));
    expect(host).toMatchObject({ engine: false, instances: null });
  });

  it('is not told of to whoever has left', async () => {
    const gone = AbortSignal.abort(new Error('left'));
    await expect(listed(() => Promise.resolve([]), gone)).rejects.toThrow('left');
  });
});
