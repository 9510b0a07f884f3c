import { describe, expect, it } from 'vitest';
import { pause } from './deadline.ts';
import { gather, type Source } from './gather.ts';

const never = new AbortController().signal;

function counting(from: number, to: number): Source<number> {
  return async function* () {
    for (let n = from; n <= to; n += 1) {
      await Promise.resolve();
      yield n;
    }
  };
}

async function* endless(signal: AbortSignal): AsyncGenerator<number> {
  for (let n = 0; ; n += 1) {
    await pause(1, signal);
    yield n;
  }
}

describe('gathering streams', () => {
  it('reads every value of every stream, in the order of its stream', async () => {
    const arrivals: Source<Source<number>> = async function* () {
      yield counting(1, 50);
      await Promise.resolve();
      yield counting(101, 150);
    };
    const seen: number[] = [];
    for await (const value of gather(arrivals, 3, never)) seen.push(value);
    expect(seen.filter((n) => n <= 50)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(seen.filter((n) => n > 100)).toEqual(Array.from({ length: 50 }, (_, i) => i + 101));
  });

  it('lets a stream wait while the reader is behind', async () => {
    let made = 0;
    const eager: Source<number> = async function* () {
      for (; made < 1000; made += 1) {
        await Promise.resolve();
        yield made;
      }
    };
    const reading = gather(
      async function* () {
        await Promise.resolve();
        yield eager;
      },
      5,
      never,
    );
    await reading.next();
    await pause(20, never);
    expect(made).toBeLessThan(20);
    await reading.return();
  });

  it('ends every stream when the reader leaves, and waits for that', async () => {
    let open = 0;
    const counted: Source<number> = async function* (signal) {
      open += 1;
      try {
        yield* endless(signal);
      } finally {
        open -= 1;
      }
    };
    const arrivals: Source<Source<number>> = async function* (signal) {
      yield counted;
      yield counted;
      await pause(60_000, signal);
    };
    const seen: number[] = [];
    for await (const value of gather(arrivals, 10, never)) {
      seen.push(value);
      if (seen.length === 20) break;
    }
    expect(open).toBe(0);
    expect(seen).toHaveLength(20);
  });

  it('throws what a stream throws, after what was read before', async () => {
    const broken: Source<number> = async function* () {
      yield 1;
      await Promise.resolve();
      throw new Error('broken pipe');
    };
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      const arrivals: Source<Source<number>> = async function* (signal) {
        yield broken;
        await pause(60_000, signal);
      };
      for await (const value of gather(arrivals, 10, never)) seen.push(value);
    };
    await expect(reading()).rejects.toThrow('broken pipe');
    expect(seen).toEqual([1]);
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const reading = gather(
      async function* (signal) {
        yield endless;
        await pause(60_000, signal);
      },
      10,
      stop.signal,
    );
    await reading.next();
    stop.abort(new Error('shutting down'));
    const drain = async (): Promise<void> => {
      while ((await reading.next()).done !== true);
    };
    await expect(drain()).rejects.toThrow('shutting down');
  });
});
