import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBuilding, keptImages, outdatedImages, type ImageHistory } from './image-use.ts';

const ran = (image: string) => ({ image, status: 'succeeded' as const });
const history = (rest: Partial<ImageHistory>): ImageHistory => ({
  appId: 'a',
  releases: [],
  deployed: [],
  building: [],
  promotions: 0,
  lastBuild: null,
  ...rest,
});

describe('which images stay', () => {
  it('keeps the newest that ran, and gives up the others', () => {
    const past = history({ releases: ['d', 'c', 'b', 'a'].map(ran), deployed: ['d'] });
    expect([...keptImages(past, 2)].sort()).toEqual(['c', 'd']);
    expect(outdatedImages(past, 2)).toEqual(['b', 'a']);
    expect(outdatedImages(past, 4)).toEqual([]);
  });

  it('counts images, so that changes of config do not use up what can be rolled back to', () => {
    const past = history({ releases: ['c', 'c', 'c', 'c', 'b', 'a'].map(ran), deployed: ['c'] });
    expect(outdatedImages(past, 2)).toEqual(['a']);
  });

  it('gives up what failed, and does not count it nor what is pending', () => {
    const releases = [
      { image: 'e', status: 'pending' as const },
      { image: 'd', status: 'failed' as const },
      ...['c', 'b', 'a'].map(ran),
    ];
    const past = history({ releases, deployed: ['c', 'e'] });
    expect([...keptImages(past, 2)].sort()).toEqual(['b', 'c', 'e']);
    expect(outdatedImages(past, 2)).toEqual(['d', 'a']);
  });

  it('keeps what an old release and one that is needed have in common', () => {
    const failedAgain = [{ image: 'a', status: 'failed' as const }, ...['c', 'b', 'a'].map(ran)];
    expect(outdatedImages(history({ releases: failedAgain, deployed: ['a'] }), 2)).toEqual([]);
  });

  it('keeps what a build has just made, and says when one has not told yet', () => {
    const past = history({ releases: ['b', 'a'].map(ran), building: ['a'], deployed: ['b'] });
    expect(outdatedImages(past, 1)).toEqual([]);
    expect(isBuilding(past)).toBe(false);
    expect(isBuilding({ ...past, building: ['a', null] })).toBe(true);
  });

  const image = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const status = fc.constantFrom('pending' as const, 'succeeded' as const, 'failed' as const);
  const anything = fc
    .record({
      releases: fc.array(fc.record({ image, status })),
      deployed: fc.array(image),
      building: fc.array(fc.option(image)),
    })
    .map(history);

  it('never gives up what runs, is about to, or was just built, whatever happened before', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 4 }), (past, keep) => {
        const gone = new Set(outdatedImages(past, keep));
        for (const needed of [...past.deployed, ...past.building])
          if (needed !== null) expect(gone.has(needed)).toBe(false);
        expect([...keptImages(past, keep)].some((kept) => gone.has(kept))).toBe(false);
      }),
    );
  });

  it('never takes back that an image can go: what is outdated stays so when more releases come', () => {
    fc.assert(
      fc.property(anything, fc.array(image), (past, more) => {
        const gone = outdatedImages(past, 3).filter((one) => !more.some((later) => later === one));
        const later = { ...past, releases: [...more.map(ran), ...past.releases] };
        const still = outdatedImages(later, 3);
        for (const one of gone) expect(still).toContain(one);
      }),
    );
  });
});
