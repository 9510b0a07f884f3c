import type { Note } from './entries.ts';

/** What the platform has said about containers that are there; it goes into the archive with their last lines. */
export interface Notes {
  of(containerId: string): readonly Note[];
  add(containerId: string, text: string): void;
  /** To be called when a container is gone. */
  forget(containerId: string): void;
}

/** A container about which more is said has a fault of another kind. */
const MOST = 20;

export function createNotes(now: () => Date): Notes {
  const all = new Map<string, Note[]>();
  return {
    of: (containerId) => all.get(containerId) ?? [],
    add(containerId, text) {
      const notes = all.get(containerId) ?? [];
      if (notes.length < MOST) all.set(containerId, [...notes, { at: now(), text }]);
    },
    forget: (containerId) => void all.delete(containerId),
  };
}
