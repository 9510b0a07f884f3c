import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Build } from '../domain/build.ts';
import { createSources } from './sources.ts';

const patient = new AbortController().signal;

it('removes the archives of builds that are over or unknown, and leaves those still to be built', async () => {
  const statuses = ['queued', 'building', 'succeeded', 'failed', 'superseded'] as const;
  const known = new Map<string, Pick<Build, 'status'>>(statuses.map((status) => [status, { status }]));
  const unknown = randomUUID();
  const discarded: string[] = [];
  const asked: number[] = [];
  const sources = createSources({
    // The status alone decides.
    builds: { find: (id) => Promise.resolve(known.get(id) as Build | undefined) },
    repositories: {
      archives(olderThanMs) {
        asked.push(olderThanMs);
        return Promise.resolve([...statuses, unknown]);
      },
      discard(id) {
        discarded.push(id);
        return Promise.resolve();
      },
    },
  });
  expect(await sources.tidy(3_600_000, patient)).toBe(4);
  expect(discarded).toEqual(['succeeded', 'failed', 'superseded', unknown]);
  expect(asked).toEqual([3_600_000]);
});
