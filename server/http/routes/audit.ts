import type { AuditEntryResource } from '../../contract/audit-resources.ts';
import { listAppAudit, listAudit, verifyAudit } from '../../contract/endpoints/audit.ts';
import type { AuditEntry } from '../../domain/audit.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

export function auditRoutes(audit: Services['audit']): readonly Route[] {
  return [
    route(listAppAudit, async ({ actor, params, query, signal }) => {
      const entries = await audit.ofApp(
        actor,
        params.app,
        { before: query.before, limit: query.max },
        signal,
      );
      return { body: entries.map(shape) };
    }),

    route(listAudit, async ({ actor, query, signal }) => {
      const entries = await audit.all(actor, { before: query.before, limit: query.max }, signal);
      return { body: entries.map(shape) };
    }),

    route(verifyAudit, async ({ actor, signal }) => {
      const { rows, fault } = await audit.verify(actor, signal);
      return { body: { ok: fault === null, rows, fault } };
    }),
  ];
}

function shape({ requestId, changes, target, ...entry }: AuditEntry): AuditEntryResource {
  return {
    ...entry,
    request_id: requestId,
    target: { ...target },
    changes: changes.map(({ before, after, ...one }) => ({
      ...one,
      before: before && { ...before },
      after: after && { ...after },
    })),
  };
}
