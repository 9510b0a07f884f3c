import { expect, it } from 'vitest';
import { usageOf } from './usage.ts';

const answer = (stats: object, usage = 1_000) => ({
  memory_stats: { usage, limit: 4_096, stats },
  cpu_stats: { cpu_usage: { total_usage: 2_500_000_000 } },
});

it.each([
  ['control groups v1', { total_inactive_file: 300, inactive_file: 1 }, 700],
  ['control groups v2', { inactive_file: 300 }, 700],
  ['a machine that tells of no cache', {}, 1_000],
  ['a cache that grew between two looks', { inactive_file: 2_000 }, 0],
])('takes the cache of files off the memory: %s', (_, stats, memoryBytes) => {
  expect(usageOf('web.1', answer(stats))).toEqual([
    { instance: 'web.1', memoryBytes, memoryLimitBytes: 4_096, cpuSeconds: 2.5 },
  ]);
});

it('tells nothing of one that has ended or gone', () => {
  const ended = { memory_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } } };
  for (const one of [ended, undefined, {}]) expect(usageOf('web.1', one)).toEqual([]);
});
