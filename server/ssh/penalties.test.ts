import { describe, expect, it } from 'vitest';
import { createPenalties } from './penalties.ts';

const HOUR = 3_600_000;

describe('createPenalties [S-GIT-03]', () => {
  it('turns a source away from its fifth failure on, for 15 s rising to 10 minutes', () => {
    const penalties = createPenalties();
    const waits = Array.from({ length: 50 }, () => {
      penalties.failed('a', 0);
      return penalties.blockedUntil('a', 0) / 1000;
    });
    expect(waits.slice(0, 11)).toEqual([0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 600]);
    expect(waits.at(-1)).toBe(600);
    expect(penalties.blockedUntil('b', 0)).toBe(0);
  });

  it('lets the source in again when the time is over, and remembers for an hour', () => {
    const penalties = createPenalties();
    for (let i = 0; i < 5; i += 1) penalties.failed('a', 0);
    expect(penalties.blockedUntil('a', 15_000)).toBe(0);
    penalties.failed('a', 20_000);
    expect(penalties.blockedUntil('a', 20_000)).toBe(50_000);
    penalties.failed('a', 50_001 + HOUR);
    expect(penalties.blockedUntil('a', 50_001 + HOUR)).toBe(0);
  });

  it('forgives a source that logs in', () => {
    const penalties = createPenalties();
    for (let i = 0; i < 9; i += 1) penalties.failed('a', 0);
    penalties.succeeded('a');
    expect(penalties.blockedUntil('a', 0)).toBe(0);
  });

  it('keeps a bounded number of sources', () => {
    const limits = { freeTries: 1, firstMs: 1000, longestMs: 1000, memoryMs: 1000, sources: 2 };
    const penalties = createPenalties(limits);
    for (const source of ['a', 'b', 'c']) penalties.failed(source, 0);
    expect(['a', 'b', 'c'].map((source) => penalties.blockedUntil(source, 0))).toEqual([0, 1000, 1000]);
  });
});
