import type { Logger } from '../../lib/log.ts';
import type { Note } from '../domain/happening.ts';

/** Writes down what the controller sees, in the order in which it was seen; nobody waits for it. */
export type Tell = (notes: readonly Note[], signal: AbortSignal) => void;

/** What waits for a database that is away; of more the oldest are let go. */
const MOST_WAITING = 2_000;

export interface TellerDeps {
  readonly note: (notes: readonly Note[], signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export function createTeller({ note, log, nowMs }: TellerDeps): Tell {
  let waiting: Note[] = [];
  let telling = false;

  async function tell(signal: AbortSignal): Promise<void> {
    telling = true;
    const batch = waiting;
    waiting = [];
    try {
      await note(batch, signal);
    } catch (err) {
      waiting = [...batch, ...waiting].slice(-MOST_WAITING);
      log.warn({ err, notes: waiting.length }, 'news wait for the database');
    } finally {
      telling = false;
    }
  }

  return (notes, signal) => {
    // In the moment of the change: what waits for the database is not to look as if it had happened later.
    waiting.push(...notes.map((one) => ({ ...one, at: new Date(nowMs()) })));
    if (waiting.length > 0 && !telling) void tell(signal);
  };
}
