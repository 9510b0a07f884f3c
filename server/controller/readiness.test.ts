import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FoundInstance } from '../ports/engine.ts';
import type { Health } from '../ports/health.ts';
import { createReadiness, type Readiness } from './readiness.ts';

type Target = Parameters<Health['check']>[0];
type Verdict = Awaited<ReturnType<Health['check']>>;

let asked: Target[];
let patience: number[];
let changed: string[];
let verdict: (target: Target) => Verdict;
let readiness: Readiness;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  patience = [];
  changed = [];
  verdict = () => ({ ready: true });
  readiness = createReadiness({
    health: {
      check(target, timeoutMs, signal) {
        signal.throwIfAborted();
        asked.push(target);
        patience.push(timeoutMs);
        return Promise.resolve(verdict(target));
      },
    },
    nowMs: () => Date.now(),
    changed: (instance) => changed.push(instance.id),
  });
});
afterEach(async () => {
  await readiness[Symbol.asyncDispose]();
  vi.useRealTimers();
});

const running = (id: string, over: Partial<FoundInstance> = {}): FoundInstance => ({
  id,
  appId: 'hello',
  seq: 1,
  release: 1,
  type: 'web',
  number: 1,
  attempt: 0,
  host: 'local',
  address: '10.0.0.2',
  port: 5000,
  state: 'starting',
  startedAt: new Date(),
  endedAt: null,
  exit: null,
  ...over,
});
const watch = (...found: FoundInstance[]): void =>
  readiness.watch(found, () => ({ host: 'hello.test', path: '/up' }));
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('an instance with a port', () => {
  it('is ready once it has answered, and says so once', async () => {
    watch(running('a'));
    expect(readiness.isReady('a')).toBe(false);
    await pass(0);
    expect(readiness.isReady('a')).toBe(true);
    expect(readiness.readySince('a')).toBe(Date.now());
    watch(running('a'));
    await pass(1_000);
    expect(changed).toEqual(['a']);
    expect(asked).toEqual([{ address: '10.0.0.2', port: 5000, host: 'hello.test', path: '/up' }]);
  });

  it('is asked again and again, less and less often, with the reason kept', async () => {
    verdict = () => ({ ready: false, reason: 'nothing listens on port 5000' });
    watch(running('a'));
    await pass(0);
    expect(readiness.reason('a')).toBe('nothing listens on port 5000');
    await pass(1_000);
    const early = asked.length;
    expect(early).toBeGreaterThan(5);
    await pass(10_000);
    // Half a second apart from then on.
    expect(asked.length - early).toBeGreaterThanOrEqual(19);
    expect(asked.length - early).toBeLessThanOrEqual(21);
    verdict = () => ({ ready: true });
    await pass(500);
    expect(readiness.isReady('a')).toBe(true);
  });

  it('may take half of what is left of its boot for an answer, and 5 s also when nothing is left', async () => {
    watch(
      running('a'),
      running('b', { startedAt: new Date(Date.now() - 54_000) }),
      running('c', { startedAt: new Date(Date.now() - 600_000) }),
    );
    await pass(0);
    expect(patience).toEqual([30_000, 5_000, 5_000]);
  });

  it('has 5 s for a connection, which comes about at once or not at all', async () => {
    readiness.watch([running('a')], () => ({ host: 'hello.test', path: null }));
    await pass(0);
    expect(patience).toEqual([5_000]);
  });

  it('is not asked before it has an address', async () => {
    watch(running('a', { address: null }));
    await pass(1_000);
    expect(asked).toEqual([]);
    watch(running('a'));
    await pass(0);
    expect(readiness.isReady('a')).toBe(true);
  });

  it('that ends is asked no more, and forgotten', async () => {
    verdict = () => ({ ready: false, reason: 'not yet' });
    watch(running('a'), running('b'));
    await pass(0);
    watch(running('a', { state: 'crashed' }));
    await pass(0);
    const before = asked.length;
    verdict = () => ({ ready: true });
    await pass(10_000);
    expect(asked).toHaveLength(before);
    expect([readiness.isReady('a'), readiness.isReady('b'), readiness.reason('a')]).toEqual([
      false,
      false,
      undefined,
    ]);
    expect(changed).toEqual([]);
  });

  it('that was ready is not, once it has ended', async () => {
    watch(running('a'));
    await pass(0);
    watch();
    expect(readiness.isReady('a')).toBe(false);
    expect(readiness.readySince('a')).toBeUndefined();
  });

  it('is asked again when the asking itself broke', async () => {
    verdict = () => {
      throw new Error('a bug');
    };
    watch(running('a'));
    await pass(0);
    verdict = () => ({ ready: true });
    watch(running('a'));
    await pass(0);
    expect(readiness.isReady('a')).toBe(true);
  });
});

describe('an instance without a port', () => {
  it('is ready once it has stayed up for a moment, counted from its start', async () => {
    const startedAt = new Date(Date.now() - 1_000);
    watch(running('worker', { port: null, address: null, startedAt }));
    await pass(499);
    expect(readiness.isReady('worker')).toBe(false);
    await pass(1);
    expect(readiness.isReady('worker')).toBe(true);
    expect(asked).toEqual([]);
  });

  it('is not ready when it ends within that moment', async () => {
    watch(running('worker', { port: null }));
    await pass(1_000);
    watch(running('worker', { port: null, state: 'crashed' }));
    await pass(5_000);
    expect(changed).toEqual([]);
  });
});

it('takes an instance that served before for ready, without asking', async () => {
  readiness.trust('a');
  watch(running('a'));
  await pass(1_000);
  expect(readiness.isReady('a')).toBe(true);
  expect(asked).toEqual([]);
});

it('asks nobody any more after disposal', async () => {
  verdict = () => ({ ready: false, reason: 'not yet' });
  watch(running('a'));
  await pass(0);
  await readiness[Symbol.asyncDispose]();
  const before = asked.length;
  await pass(10_000);
  expect(asked).toHaveLength(before);
});
