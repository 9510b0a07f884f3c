import type { Happening, Note } from '../../server/domain/happening.ts';
import type { Happenings } from '../../server/ports/happenings.ts';

/** Happenings that a test notes itself; no table tells any. */
export interface MemoryHappenings extends Happenings {
  /** As if everything up to there was too old. */
  forget(seq: number): void;
}

export function createMemoryHappenings(now: () => Date): MemoryHappenings {
  const all: Happening[] = [];
  const waiting: Happening[] = [];
  let [published, pruned] = [0, 0];
  const read = (appId?: string) =>
    all.filter(({ app, seq }) => seq > pruned && (appId === undefined || app?.id === appId));
  return {
    note(notes: readonly Note[]) {
      for (const { appId, ...note } of notes)
        waiting.push({ ...note, seq: 0, at: now(), app: { id: appId, name: 'demo' }, by: null });
      return Promise.resolve();
    },
    publish() {
      const fresh = waiting.splice(0);
      for (const happening of fresh) all.push({ ...happening, seq: (published += 1) });
      return Promise.resolve(fresh.length);
    },
    mark: () => Promise.resolve({ published, pruned }),
    read: ({ after, limit, appId }) =>
      Promise.resolve(
        read(appId)
          .filter(({ seq }) => seq > after)
          .slice(0, limit),
      ),
    last: (appId, limit) => Promise.resolve(limit === 0 ? [] : read(appId).slice(-limit)),
    prune: () => Promise.resolve(),
    forget: (seq) => void (pruned = seq),
  };
}
