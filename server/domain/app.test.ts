import fc from 'fast-check';
import { expect, it } from 'vitest';
import { adoptFormation } from './app.ts';

const formation = fc
  .dictionary(fc.constantFrom('web', 'worker', 'clock', 'mail'), fc.integer({ min: 0, max: 5 }))
  .map((counts) => new Map(Object.entries(counts)));

it('gives a release the counts it asks for, and nothing is lost, when nobody scaled meanwhile', () => {
  fc.assert(
    fc.property(formation, formation, (wanted, before) => {
      const adopted = adoptFormation(wanted, before, before);
      expect(adopted).toEqual(new Map([...before, ...wanted]));
    }),
  );
});

it('undoes nobody’s scaling with counts that the release took over unchanged', () => {
  fc.assert(
    fc.property(formation, formation, (before, now) => {
      const adopted = adoptFormation(before, before, now);
      expect(adopted).toEqual(new Map([...before, ...now]));
    }),
  );
});

it('lets the release win where it changes a count itself', () => {
  const adopted = adoptFormation(new Map([['web', 2]]), new Map([['web', 1]]), new Map([['web', 5]]));
  expect(adopted).toEqual(new Map([['web', 2]]));
});
