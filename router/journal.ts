import { randomUUID } from 'node:crypto';
import { createBulletin } from '../lib/bulletin.ts';
import type { Visit, VisitMark, VisitPage } from './contract.ts';

/**
 * Visits that wait for somebody who keeps them. Bounded in all and per app: when there is no room a visit is counted and
 * not kept, so that neither a reader who is away nor one app's flood costs anything but lines.
 */
export interface Journal {
  add(visit: Visit): void;
  /** The oldest entries after the mark. Those up to it are forgotten. */
  read(after: VisitMark | null, limit: number): VisitPage;
  /** Resolves when there may be something to read, or after `ms` milliseconds. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface JournalLimits {
  readonly visits: number;
  readonly visitsOfApp: number;
  /** Of what visitors choose; the rest of a visit is small. */
  readonly bytes: number;
}

const LIMITS: JournalLimits = { visits: 40_000, visitsOfApp: 10_000, bytes: 32 * 1024 * 1024 };
/** What one app may have told in a second, and at once after a quiet time: telling of more would cost visitors their cores. */
const RATE = { perSecond: 1_000, burst: 10_000 };
/** What was lost is gathered for so long before it is told. */
const TOLD_EVERY_MS = 10_000;
const NEWS = 'visits';
/** Of the memory a forgotten entry takes, some may wait until this many are. */
const SLACK = 5_000;

export function createJournal(limits: JournalLimits = LIMITS, now: () => number = Date.now): Journal {
  const run = randomUUID();
  const bulletin = createBulletin();
  const ofApp = new Map<string, number>();
  const lost = new Map<string, { count: number; since: number }>();
  const allowed = new Map<string, { left: number; at: number }>();
  let entries: Visit[] = [];
  /** Entries before this index are forgotten. */
  let first = 0;
  /** The number of the entry at index 0. */
  let base = 1;
  let bytes = 0;

  function forgetUpTo(seq: number): void {
    const end = Math.min(entries.length, seq - base + 1);
    for (; first < end; first += 1) {
      const visit = entries[first];
      if (!visit) continue;
      bytes -= weightOf(visit);
      const left = (ofApp.get(visit.app) ?? 0) - 1;
      if (left > 0) ofApp.set(visit.app, left);
      else ofApp.delete(visit.app);
    }
    if (first < SLACK && first < entries.length) return;
    entries = entries.slice(first);
    base += first;
    first = 0;
  }

  function mayTell(app: string): boolean {
    const at = now();
    const known = allowed.get(app) ?? { left: RATE.burst, at };
    const left = Math.min(RATE.burst, known.left + ((at - known.at) / 1_000) * RATE.perSecond);
    allowed.set(app, { left: left >= 1 ? left - 1 : left, at });
    return left >= 1;
  }

  return {
    add(visit) {
      const mine = ofApp.get(visit.app) ?? 0;
      const weight = weightOf(visit);
      const full = entries.length - first >= limits.visits || bytes + weight > limits.bytes;
      if (full || mine >= limits.visitsOfApp || !mayTell(visit.app)) {
        const known = lost.get(visit.app);
        if (known) known.count += 1;
        else lost.set(visit.app, { count: 1, since: now() });
        return;
      }
      entries.push(visit);
      ofApp.set(visit.app, mine + 1);
      bytes += weight;
      bulletin.post(NEWS);
    },

    read(after, limit) {
      if (after?.run === run) forgetUpTo(after.seq);
      const visits = entries.slice(first, first + limit);
      const mark = { run, seq: base + first + visits.length - 1 };
      // Told with the last of those that there was room for, and of one flood once in a while: a line each would be another.
      const all = first + visits.length === entries.length;
      const due = all ? [...lost].filter(([, { since }]) => now() - since >= TOLD_EVERY_MS) : [];
      for (const [app] of due) lost.delete(app);
      const losses = due.map(([app, { count, since }]) => ({ app, count, since }));
      return { mark, visits, lost: losses };
    },

    async wait(ms, signal) {
      if (entries.length > first) return;
      const most = lost.size > 0 ? Math.min(ms, TOLD_EVERY_MS) : ms;
      await bulletin.after(NEWS, bulletin.mark(NEWS), most, signal);
    },
  };
}

function weightOf({ method, host, path }: Visit): number {
  return method.length + host.length + path.length;
}
