import { expect, it } from 'vitest';
import { everBriefer, when } from './time.ts';

const NOW = new Date('2026-11-21T10:00:00Z');

it.each([
  ['2026-11-21T10:00:00.000Z', '2026/11/21 10:00:00 +0000 (~ 0s ago)'],
  ['2026-11-21T09:59:01Z', '2026/11/21 09:59:01 +0000 (~ 59s ago)'],
  ['2026-11-21T09:59:00Z', '2026/11/21 09:59:00 +0000 (~ 1m ago)'],
  ['2026-11-21T09:00:00.999Z', '2026/11/21 09:00:00 +0000 (~ 59m ago)'],
  ['2026-11-20T10:00:01Z', '2026/11/20 10:00:01 +0000 (~ 23h ago)'],
  ['2026-11-20T12:00:00+02:00', '2026/11/20 10:00:00 +0000 (~ 1d ago)'],
  ['2024-11-21T10:00:00Z', '2024/11/21 10:00:00 +0000 (~ 730d ago)'],
  ['2026-11-21T10:05:00Z', '2026/11/21 10:05:00 +0000 (~ 0s ago)'],
])('tells %s as %s', (time, told) => {
  expect(when(time, NOW)).toBe(told);
});

it('shows what is no time as it is', () => {
  expect(when('soon', NOW)).toBe('soon');
});

it('has briefer forms of a time and its age, and of nothing else', () => {
  expect(everBriefer(when('2026-01-02T03:04:05Z', new Date('2026-01-02T03:07:05Z')))).toEqual([
    '2026/01/02 03:04:05 +0000 (~ 3m ago)',
    '2026/01/02 03:04:05 +0000',
    '~ 3m ago',
  ]);
  expect(everBriefer('soon')).toEqual(['soon']);
});
