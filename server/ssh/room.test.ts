import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roomFor, type Stranger } from './room.ts';

const limits = { strangers: 6, strangersPerSource: 3 };
const busy = (source: string): Stranger => ({ source, idle: false });
const idle = (source: string): Stranger => ({ source, idle: true });
const room = (source: string, strangers: Stranger[]): unknown => {
  const found = roomFor(source, strangers, limits);
  return typeof found === 'string' ? found : strangers.indexOf(found.insteadOf);
};

describe('a newcomer [S-GIT-01] [S-GIT-02]', () => {
  it('takes a free place, however idle others are', () => {
    expect(room('a', [])).toBe('free');
    expect(room('a', [idle('a'), idle('a'), idle('b'), idle('b'), idle('b')])).toBe('free');
  });

  it('takes no place of its own source from one that has begun its login', () => {
    expect(room('a', [busy('a'), busy('a'), busy('a')])).toBe('none');
  });

  it('takes the oldest place of its source that is only held open, before those of others', () => {
    expect(room('a', [idle('b'), busy('a'), idle('a'), idle('a')])).toBe(2);
  });

  it('where all places are taken, takes one that is held open by the source with the most', () => {
    const strangers = [idle('b'), busy('c'), busy('c'), idle('c'), busy('d'), busy('e')];
    expect(room('a', strangers)).toBe(3);
  });

  it('where all have begun, takes the oldest place of a source that has more than it would have', () => {
    const strangers = [busy('b'), busy('c'), busy('c'), busy('d'), busy('e'), busy('f')];
    expect(room('a', strangers)).toBe(1);
    expect(room('b', strangers)).toBe('none');
  });

  it('where every source has one, takes what is held open, else nothing', () => {
    const others = ['b', 'c', 'd', 'e', 'f'].map(busy);
    expect(room('a', [...others, idle('g')])).toBe(5);
    expect(room('a', [...others, busy('g')])).toBe('none');
  });

  it('never makes more of them than there may be, and never sends away who needs not go', () => {
    const stranger = fc.record({ source: fc.constantFrom('a', 'b', 'c', 'd'), idle: fc.boolean() });
    fc.assert(
      fc.property(fc.array(stranger, { maxLength: 60 }), (arriving) => {
        let inside: Stranger[] = [];
        for (const one of arriving) {
          const own = inside.filter(({ source }) => source === one.source).length;
          const found = roomFor(one.source, inside, limits);
          if (found === 'none') {
            expect(own === limits.strangersPerSource || inside.length === limits.strangers).toBe(true);
            continue;
          }
          if (found !== 'free') {
            const { insteadOf } = found;
            expect(inside).toContain(insteadOf);
            const theirs = inside.filter(({ source }) => source === insteadOf.source).length;
            expect(insteadOf.idle || theirs > own + 1).toBe(true);
            inside = inside.filter((other) => other !== insteadOf);
          }
          inside.push({ ...one });
          expect(inside.length).toBeLessThanOrEqual(limits.strangers);
          expect(inside.filter(({ source }) => source === one.source).length).toBeLessThanOrEqual(
            limits.strangersPerSource,
          );
        }
      }),
    );
  });
});
