/** Sources that fail to log in again and again are turned away for a while, longer each time. */
export interface Penalties {
  /** Until when this source is turned away, or 0. */
  blockedUntil(source: string, now: number): number;
  failed(source: string, now: number): void;
  /** A source that does log in starts over: its earlier failures were a person looking for the right key. */
  succeeded(source: string): void;
}

export interface PenaltyLimits {
  /** Failed connections before the first penalty. */
  readonly freeTries: number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** How long failures are remembered after the last one, or after the penalty for it. */
  readonly memoryMs: number;
  /** The most sources remembered; the one that failed longest ago is forgotten first. */
  readonly sources: number;
}

const LIMITS: PenaltyLimits = {
  freeTries: 5,
  firstMs: 15_000,
  longestMs: 600_000,
  memoryMs: 3_600_000,
  sources: 10_000,
};

interface Record {
  readonly failures: number;
  readonly until: number;
  readonly at: number;
}

/** Counts in memory only: a restart forgives. Every method takes the time, so that it can be tested. */
export function createPenalties(limits: PenaltyLimits = LIMITS): Penalties {
  const records = new Map<string, Record>();
  const remembered = (source: string, now: number): Record | undefined => {
    const record = records.get(source);
    if (!record || now <= Math.max(record.at, record.until) + limits.memoryMs) return record;
    records.delete(source);
    return undefined;
  };
  return {
    blockedUntil(source, now) {
      const until = remembered(source, now)?.until ?? 0;
      return until > now ? until : 0;
    },
    failed(source, now) {
      const failures = (remembered(source, now)?.failures ?? 0) + 1;
      const beyond = failures - limits.freeTries;
      const penalty = beyond < 0 ? 0 : Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(beyond, 30));
      records.delete(source); // put back at the end: the map's order is the order of the last failure
      records.set(source, { failures, until: penalty === 0 ? 0 : now + penalty, at: now });
      const oldest = records.keys().next();
      if (records.size > limits.sources && !oldest.done) records.delete(oldest.value);
    },
    succeeded(source) {
      records.delete(source);
    },
  };
}
