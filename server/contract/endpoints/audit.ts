import * as z from 'zod';
import { auditEntry, auditVerdict } from '../audit-resources.ts';
import { endpoint } from '../endpoint.ts';

const query = z.strictObject({
  /** Only what is before this place in the trail. */
  before: z.coerce.number().int().positive().optional(),
  max: z.coerce.number().int().min(1).max(1000).default(100),
});

export const listAppAudit = endpoint({
  method: 'GET',
  path: '/gantry/apps/:app/audit',
  summary: 'list the calls that changed an app or read its config vars, or were refused, newest first',
  needs: 'app:manage',
  query,
  answer: z.array(auditEntry),
});

export const listAudit = endpoint({
  method: 'GET',
  path: '/gantry/audit',
  summary: 'list all calls that changed something or read config vars, or were refused, newest first',
  needs: 'platform:admin',
  query,
  answer: z.array(auditEntry),
});

export const verifyAudit = endpoint({
  method: 'GET',
  path: '/gantry/audit/verify',
  summary: 'find out whether somebody has tampered with the audit trail',
  needs: 'platform:admin',
  answer: auditVerdict,
});
