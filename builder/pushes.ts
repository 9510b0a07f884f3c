import { randomBytes } from 'node:crypto';

/**
 * Who writes to the registry, and when nobody does. All that is ever pushed comes through one builder, so what is
 * counted here is the whole truth: nothing is deleted under a build that may be about to push it.
 */
export interface Pushes {
  /** Work that ends with a push to this repository, counted from its begin to its end. */
  building<T>(repository: string, work: () => Promise<T>): Promise<T>;
  /** One push; it waits, and says so, while the registry is held. Rejects with the signal's reason. */
  push<T>(work: () => Promise<T>, waiting: () => void, signal: AbortSignal): Promise<T>;
  /** Names this moment, for `touched`. */
  moment(): string;
  /** True unless it is certain that no build for the repository has run at or after that moment. */
  touched(repository: string, moment: string): boolean;
  /** True while a build is running for the repository. */
  busy(repository: string): boolean;
  /**
   * Does work while nothing is pushed: waits for the pushes under way, lets no other begin, and gives up (undefined)
   * when they take longer than `patienceMs`. One at a time.
   */
  hold<T>(work: () => Promise<T>, patienceMs: number): Promise<T | undefined>;
}

/** Repositories remembered as built for; when there are more, everything counts as touched. */
const MAX_KNOWN = 10_000;

export function createPushes(): Pushes {
  return { ...createVisits(), ...createGate() };
}

/** Which repositories builds are, and have been, at work for. */
function createVisits(): Pick<Pushes, 'building' | 'moment' | 'touched' | 'busy'> {
  // A moment named by a builder that has died since says nothing about what was pushed in between.
  let life = randomBytes(8).toString('hex');
  let begun = 0;
  const lastBegun = new Map<string, number>();
  const running = new Map<string, number>();

  function begin(repository: string): void {
    begun += 1;
    if (lastBegun.size >= MAX_KNOWN && !lastBegun.has(repository)) {
      lastBegun.clear();
      life = randomBytes(8).toString('hex');
    }
    lastBegun.set(repository, begun);
    running.set(repository, (running.get(repository) ?? 0) + 1);
  }

  function end(repository: string): void {
    const left = (running.get(repository) ?? 1) - 1;
    if (left === 0) running.delete(repository);
    else running.set(repository, left);
  }

  return {
    async building(repository, work) {
      begin(repository);
      try {
        return await work();
      } finally {
        end(repository);
      }
    },
    moment: () => `${life}.${begun}`,
    touched(repository, moment) {
      const [named, count] = moment.split('.');
      if (named !== life || running.has(repository)) return true;
      return (lastBegun.get(repository) ?? 0) > Number(count);
    },
    busy: (repository) => running.has(repository),
  };
}

/** Pushes pass side by side, or one holder while none does. */
function createGate(): Pick<Pushes, 'push' | 'hold'> {
  let pushing = 0;
  let held = false;
  let changed: (() => void)[] = [];

  function tell(): void {
    const waiting = changed;
    changed = [];
    for (const wake of waiting) wake();
  }
  const change = (): Promise<void> => new Promise((resolve) => changed.push(resolve));

  async function quiet(patienceMs: number): Promise<boolean> {
    const until = performance.now() + patienceMs;
    while (pushing > 0) {
      const left = until - performance.now();
      if (left <= 0) return false;
      const timer = setTimeout(tell, left);
      await change();
      clearTimeout(timer);
    }
    return true;
  }

  return {
    async push(work, waiting, signal) {
      if (held) waiting();
      signal.addEventListener('abort', tell, { once: true });
      try {
        while (held && !signal.aborted) await change();
        signal.throwIfAborted();
        pushing += 1;
        try {
          return await work();
        } finally {
          pushing -= 1;
          tell();
        }
      } finally {
        signal.removeEventListener('abort', tell);
      }
    },
    async hold(work, patienceMs) {
      while (held) await change();
      held = true;
      try {
        return (await quiet(patienceMs)) ? await work() : undefined;
      } finally {
        held = false;
        tell();
      }
    },
  };
}
