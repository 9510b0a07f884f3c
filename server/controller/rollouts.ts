import type { Ledger } from '../domain/deployment.ts';
import type { BackendReport } from '../ports/router.ts';

/** What this process remembers of a deployment under way; losing it costs only the ledger's precision. */
export interface Rollouts {
  began(deploymentId: string, appId: string): void;
  /** So many requests of ours went through the router; they are no visitors'. */
  probed(deploymentId: string, requests: number): void;
  /** It met this instead of a good answer. */
  refuted(deploymentId: string, heard: string): void;
  heard(deploymentId: string): string | null;
  proven(deploymentId: string): void;
  isProven(deploymentId: string): boolean;
  switched(deploymentId: string, tookMs: number): void;
  /** An instance could not be started; `trouble` tells it once it is final, or has happened to the same one too often. */
  refused(deploymentId: string, instance: string, reason: string, final: boolean): void;
  trouble(deploymentId: string): string | null;
  ready(deploymentId: string): void;
  /** What its release command printed is told; its boot counts from here. */
  relayed(deploymentId: string): void;
  isRelayed(deploymentId: string): boolean;
  ledger(deploymentId: string, appId: string): Ledger;
  /** Notes the counters of the router for the ledgers of what is under way: of all such apps at once. */
  count(reports: readonly BackendReport[]): void;
  /** As `count`, of one app, between two looks at all of them. */
  countOf(appId: string, reports: readonly BackendReport[]): void;
  forget(deploymentId: string): void;
}

/** An instance that could not be started this often, with growing pauses, will not be. */
const REFUSALS = 5;

interface Notes {
  beganMs: number;
  readyMs: number | null;
  probes: number;
  heard: string | null;
  proven: boolean;
  relayed: boolean;
  switchMs: number;
  readonly refusals: Map<string, number>;
  trouble: string | null;
  requests: number;
  dropped: number;
}

interface Count {
  readonly requests: number;
  readonly dropped: number;
}

function freshNotes(beganMs: number): Omit<Notes, keyof Count> {
  return {
    ...{ beganMs, readyMs: null, probes: 0, heard: null, proven: false, relayed: false, switchMs: 0 },
    refusals: new Map(),
    trouble: null,
  };
}

export function createRollouts(nowMs: () => number): Rollouts {
  const notes = new Map<string, Notes>();
  /** Per backend what it had counted when last seen, and the app's total ever since we look. */
  let seen = new Map<string, Count & { readonly app: string }>();
  const totals = new Map<string, { requests: number; dropped: number }>();

  const totalOf = (appId: string): Count => totals.get(appId) ?? { requests: 0, dropped: 0 };
  function of(id: string, appId = ''): Notes {
    const existing = notes.get(id);
    if (existing) return existing;
    const fresh = { ...freshNotes(nowMs()), ...totalOf(appId) };
    notes.set(id, fresh);
    return fresh;
  }

  /** Adds what is new since it was last seen to the totals; answers what was seen now. */
  function added(reports: readonly BackendReport[]): typeof seen {
    const next: typeof seen = new Map();
    for (const report of reports) {
      const key = `${report.app} ${report.key}`;
      const before = seen.get(key) ?? { requests: 0, dropped: 0 };
      const total = totals.get(report.app) ?? { requests: 0, dropped: 0 };
      // Counters start again when a backend is filled anew: then all of it is new.
      total.requests +=
        report.requests >= before.requests ? report.requests - before.requests : report.requests;
      total.dropped += report.dropped >= before.dropped ? report.dropped - before.dropped : report.dropped;
      totals.set(report.app, total);
      next.set(key, report);
    }
    return next;
  }

  return {
    began: (id, appId) => void of(id, appId),
    probed: (id, requests) => void (of(id).probes += requests),
    refuted: (id, heard) => void (of(id).heard = heard),
    heard: (id) => notes.get(id)?.heard ?? null,
    proven: (id) => void (of(id).proven = true),
    relayed(id) {
      const note = of(id);
      note.relayed = true;
      note.beganMs = nowMs();
    },
    isRelayed: (id) => notes.get(id)?.relayed ?? false,
    isProven: (id) => notes.get(id)?.proven ?? false,
    switched: (id, tookMs) => void (of(id).switchMs = tookMs),
    ready: (id) => void (of(id).readyMs ??= nowMs()),
    refused(id, instance, reason, final) {
      const note = of(id);
      const refusals = (note.refusals.get(instance) ?? 0) + 1;
      note.refusals.set(instance, refusals);
      if (final || refusals >= REFUSALS) note.trouble = reason;
    },
    trouble: (id) => notes.get(id)?.trouble ?? null,
    ledger(id, appId) {
      const note = of(id, appId);
      const now = totalOf(appId);
      return {
        bootMs: (note.readyMs ?? nowMs()) - note.beganMs,
        switchMs: note.switchMs,
        requests: Math.max(0, now.requests - note.requests - note.probes),
        dropped: now.dropped - note.dropped,
      };
    },
    count: (reports) => void (seen = added(reports)),
    countOf(appId, reports) {
      const others = [...seen].filter(([, { app }]) => app !== appId);
      seen = new Map([...others, ...added(reports)]);
    },
    forget: (id) => void notes.delete(id),
  };
}
