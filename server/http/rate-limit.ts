/** A key, and how many times the usual share it has. */
type Purse = readonly [key: string, shares?: number];

/** What each key may spend in an hour, and how much of that at once. */
export interface RateLimit {
  /** Spends one of each purse, or of none; answers how many are left in the emptiest, or null when one was empty. */
  spend(...purses: readonly Purse[]): number | null;
}

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;
/** At least so many calls at once; else what an hour's calls come to when they are used up within a minute and a half. */
const AT_ONCE = 50;
const SPRINT_S = 90;
/** Keys that are remembered at most; a full bucket needs no memory, so the fullest go first. */
const MAX_KEYS = 10_000;

interface Bucket {
  readonly left: number;
  readonly at: number;
  readonly most: number;
}

/** Each key gets back evenly what it spent: over an hour, and of what it may spend at once, over a second. */
export function createRateLimit(perHour: number, now: () => number): RateLimit {
  const inAnHour = createBuckets(perHour, HOUR_MS, now);
  const atOnce = createBuckets(Math.max(AT_ONCE, perHour / SPRINT_S), SECOND_MS, now);
  return { spend: (...purses) => (atOnce.spend(...purses) === null ? null : inAnHour.spend(...purses)) };
}

/** Token buckets by key: each key may spend `share` at once, and gets them back evenly over a time. */
function createBuckets(share: number, overMs: number, now: () => number): RateLimit {
  const buckets = new Map<string, Bucket>();
  const leftNow = ({ left, at, most }: Bucket, time: number): number =>
    Math.min(most, left + ((time - at) * most) / overMs);

  function forgetFull(time: number): void {
    for (const [key, bucket] of buckets) if (leftNow(bucket, time) >= bucket.most) buckets.delete(key);
    const oldest = buckets.keys().next();
    if (buckets.size >= MAX_KEYS && oldest.done !== true) buckets.delete(oldest.value);
  }

  return {
    spend(...purses) {
      const time = now();
      const found = purses.map(([key, shares = 1]) => {
        const most = share * shares;
        const known = buckets.get(key);
        return { key, most, known, left: known === undefined ? most : leftNow(known, time) };
      });
      if (found.some(({ left }) => left < 1)) return null;
      for (const { key, most, known, left } of found) {
        if (known === undefined && buckets.size >= MAX_KEYS) forgetFull(time);
        buckets.set(key, { left: left - 1, at: time, most });
      }
      return Math.floor(Math.min(...found.map(({ left }) => left)) - 1);
    },
  };
}
