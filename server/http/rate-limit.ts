/** Token buckets by key: each key may spend `perHour` at once, and gets them back evenly over an hour. */
export interface RateLimit {
  /** Spends one; answers how many are left, or null when there was none. */
  spend(key: string): number | null;
}

const HOUR_MS = 3_600_000;
/** Keys that are remembered at most; a full bucket needs no memory, so the fullest go first. */
const MAX_KEYS = 10_000;

export function createRateLimit(perHour: number, now: () => number): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>();
  const leftNow = (bucket: { left: number; at: number }, time: number): number =>
    Math.min(perHour, bucket.left + ((time - bucket.at) * perHour) / HOUR_MS);

  function forgetFull(time: number): void {
    for (const [key, bucket] of buckets) if (leftNow(bucket, time) >= perHour) buckets.delete(key);
    const oldest = buckets.keys().next();
    if (buckets.size >= MAX_KEYS && oldest.done !== true) buckets.delete(oldest.value);
  }

  return {
    spend(key) {
      const time = now();
      const known = buckets.get(key);
      if (known === undefined && buckets.size >= MAX_KEYS) forgetFull(time);
      const left = known === undefined ? perHour : leftNow(known, time);
      if (left < 1) return null;
      buckets.set(key, { left: left - 1, at: time });
      return Math.floor(left - 1);
    },
  };
}
