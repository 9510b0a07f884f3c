import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTail, sizeOf } from './transcript-tail.ts';

it('holds the newest lines that fit into its room, and counts every other one', () => {
  const room = fc.record({ lines: fc.nat({ max: 8 }), bytes: fc.nat({ max: 40 }) });
  fc.assert(
    fc.property(
      room,
      fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 60 }),
      (most, all) => {
        const tail = createTail(most);
        for (const line of all) tail.push(line);
        const kept = tail.lines();
        const dropped = all.slice(0, all.length - kept.length);
        expect(kept).toEqual(all.slice(dropped.length));
        expect(kept.length).toBeLessThanOrEqual(most.lines);
        expect(bytesOf(kept)).toBeLessThanOrEqual(most.bytes);
        expect(tail.leftOut()).toEqual({ lines: dropped.length, bytes: bytesOf(dropped) });
      },
    ),
  );
});

it('is as quick with the millionth line as with the first, and keeps no more of them in memory than it shows', () => {
  const tail = createTail({ lines: 3, bytes: 1_000 });
  for (let i = 0; i < 1_000_000; i += 1) tail.push(String(i));
  expect(tail.lines()).toEqual(['999997', '999998', '999999']);
  expect(tail.leftOut().lines).toBe(999_997);
});

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + sizeOf(line), 0);
}
