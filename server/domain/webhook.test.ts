import { describe, expect, it } from 'vitest';
import { nextTry } from './webhook.ts';

describe('a delivery that failed', () => {
  it('is tried ten times more, ever later, within about three hours, and then given up', () => {
    const now = new Date('2026-11-21T12:00:00.000Z');
    const pauses: number[] = [];
    for (let attempts = 1; ; attempts += 1) {
      const next = nextTry(attempts, now);
      if (next === null) break;
      pauses.push((next.getTime() - now.getTime()) / 1_000);
    }
    expect(pauses).toHaveLength(10);
    expect(pauses[0]).toBe(5);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    const hours = pauses.reduce((sum, seconds) => sum + seconds, 0) / 3_600;
    expect(hours).toBeGreaterThan(2.5);
    expect(hours).toBeLessThan(3.5);
  });
});
