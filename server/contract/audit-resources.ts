import * as z from 'zod';

const values = z.record(z.string(), z.unknown());

/** Ours: one call that changed something, or was refused, with what changed. */
export const auditEntry = z.object({
  id: z.string(),
  /** Its place in the trail; give the smallest as `before` to see what came before. */
  seq: z.number(),
  at: z.string(),
  /** Through the API, or by a git push. */
  door: z.enum(['api', 'git']),
  actor: z.object({ id: z.string(), email: z.string() }),
  /** The id of the token; null for an SSH key. */
  token: z.string().nullable(),
  ip: z.string().nullable(),
  request_id: z.string().nullable(),
  /** `PATCH /apps/:app/config-vars`, `git push` */
  action: z.string(),
  target: z.record(z.string(), z.string()),
  app: z.object({ id: z.string() }).nullable(),
  /** `refused`: nothing was done · `unknown`: nobody wrote down how it ended. */
  outcome: z.enum(['succeeded', 'refused', 'failed', 'unknown']),
  /** The id of the failure, as in docs/errors.md. */
  error: z.string().nullable(),
  /** Every row that changed, with the columns that did; secrets read `[redacted]`. */
  changes: z.array(
    z.object({
      kind: z.string(),
      action: z.enum(['create', 'update', 'destroy']),
      id: z.string(),
      before: values.nullable(),
      after: values.nullable(),
    }),
  ),
  /** The last link of the chain it is part of. */
  hash: z.string(),
});
export type AuditEntryResource = z.infer<typeof auditEntry>;

/** Ours: whether the trail is as it was written. */
export const auditVerdict = z.object({
  ok: z.boolean(),
  rows: z.number(),
  fault: z.object({ seq: z.number(), problem: z.string() }).nullable(),
});
