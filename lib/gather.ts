/** A stream to be opened; the signal tells it to end. */
export type Source<T> = (signal: AbortSignal) => AsyncIterable<T>;

/**
 * Reads many streams that appear over time as one, in the order in which their values arrive. A stream is left to wait
 * while the reader is `capacity` values behind. A stream that throws ends the whole with its error, as do `arrivals`;
 * one that ends is forgotten. Leaving the iteration ends all of them and waits for that.
 */
export async function* gather<T>(
  arrivals: Source<Source<T>>,
  capacity: number,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const funnel = createFunnel<T>(capacity);
  const stop = new AbortController();
  const giveUp = (): void => stop.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', giveUp, { once: true });

  const drain = async (source: Source<T>): Promise<void> => {
    try {
      for await (const value of source(stop.signal)) await funnel.push(value, stop.signal);
    } catch (err) {
      funnel.fail(err);
    }
  };
  const attend = async (): Promise<void> => {
    const draining = new Set<Promise<void>>();
    try {
      for await (const source of arrivals(stop.signal)) {
        const one = drain(source).finally(() => draining.delete(one));
        draining.add(one);
      }
    } catch (err) {
      funnel.fail(err);
    }
    await Promise.all(draining);
    funnel.end();
  };

  const attending = attend();
  try {
    yield* funnel.read(stop.signal);
  } finally {
    signal.removeEventListener('abort', giveUp);
    stop.abort(new Error('no longer read'));
    await attending;
  }
}

interface Funnel<T> {
  /** Resolves when there was room; rejects when the signal aborts. */
  push(value: T, signal: AbortSignal): Promise<void>;
  /** The reader throws this once it has read what was pushed before. */
  fail(err: unknown): void;
  /** The reader ends once it has read what was pushed before. */
  end(): void;
  read(signal: AbortSignal): AsyncGenerator<T, void, undefined>;
}

function createFunnel<T>(capacity: number): Funnel<T> {
  const waiting: T[] = [];
  const sleepers = new Set<() => void>();
  let over: { readonly err?: unknown } | undefined;

  const rouse = (): void => {
    const all = [...sleepers];
    sleepers.clear();
    for (const wake of all) wake();
  };
  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const wake = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        sleepers.delete(wake);
        reject(signal.reason as Error);
      };
      sleepers.add(wake);
      signal.addEventListener('abort', stop, { once: true });
    });

  return {
    async push(value, signal) {
      while (waiting.length >= capacity) await change(signal);
      waiting.push(value);
      rouse();
    },
    fail(err) {
      over ??= { err };
      rouse();
    },
    end() {
      over ??= {};
      rouse();
    },
    async *read(signal) {
      for (;;) {
        const next = waiting.splice(0);
        if (next.length > 0) rouse();
        yield* next;
        if (waiting.length > 0) continue;
        if (over !== undefined && 'err' in over) throw over.err;
        if (over !== undefined) return;
        await change(signal);
      }
    },
  };
}
