import type { AuditCall, AuditEntry, AuditOutcome } from '../../server/domain/audit.ts';
import type { AuditTrail } from '../../server/ports/audit-trail.ts';

/** A trail without a chain; `idOf` knows the apps of a path. */
export function createMemoryAuditTrail(idOf: (nameOrId: string) => string | undefined): AuditTrail {
  const calls: { readonly call: AuditCall; readonly appId: string | null; end: AuditOutcome | null }[] = [];
  const entryOf = ({ call, appId, end }: (typeof calls)[number], index: number): AuditEntry => ({
    ...call,
    seq: index + 1,
    app: appId === null ? null : { id: appId },
    outcome: end?.outcome ?? 'unknown',
    error: end !== null && 'error' in end ? end.error : null,
    changes: [],
    hash: String(index),
  });
  return {
    begin(call) {
      const name = call.target['app'];
      calls.push({ call, appId: (name === undefined ? undefined : idOf(name)) ?? null, end: null });
      return Promise.resolve();
    },
    end(id, outcome) {
      const found = calls.find(({ call }) => call.id === id);
      if (found) found.end = outcome;
      return Promise.resolve();
    },
    list({ appId, before = Infinity, limit }) {
      const entries = calls
        .map(entryOf)
        .filter(({ app, seq }) => (appId ?? app?.id) === app?.id && seq < before);
      return Promise.resolve(entries.toReversed().slice(0, limit));
    },
    verify: () => Promise.resolve({ rows: calls.length, fault: null }),
  };
}
