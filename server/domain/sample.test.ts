import fc from 'fast-check';
import { expect, it } from 'vitest';
import { more, type Counts } from './sample.ts';

const counts = (all: Readonly<Record<string, readonly [number, number]>>): Counts =>
  new Map(Object.entries(all).map(([key, [requests, dropped]]) => [key, { requests, dropped }]));

it('counts what was added to each, a new one whole, and one that began anew from its beginning', () => {
  const before = counts({ v1: [10, 1], v2: [50, 0], gone: [9, 9] });
  const now = counts({ v1: [15, 2], v2: [3, 1], v3: [7, 0] });
  expect(more(before, now)).toEqual({ requests: 5 + 3 + 7, dropped: 1 + 1 });
  expect(more(now, now)).toEqual({ requests: 0, dropped: 0 });
});

it('is never less than nothing, and over several steps what one step would have been', () => {
  const step = fc.array(fc.record({ requests: fc.nat(1000), dropped: fc.nat(10) }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(step, (steps) => {
      const states = steps.reduce<Counts[]>(
        (all, { requests, dropped }) => {
          const last = all.at(-1)?.get('v1') ?? { requests: 0, dropped: 0 };
          return [...all, counts({ v1: [last.requests + requests, last.dropped + dropped] })];
        },
        [counts({})],
      );
      const sum = states
        .slice(1)
        .map((now, index) => more(states[index] ?? counts({}), now))
        .reduce((a, b) => ({ requests: a.requests + b.requests, dropped: a.dropped + b.dropped }));
      expect(sum).toEqual(more(counts({}), states.at(-1) ?? counts({})));
    }),
  );
});
