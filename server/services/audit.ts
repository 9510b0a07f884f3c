import { randomUUID } from 'node:crypto';
import { ZodError } from 'zod';
import { KnownError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { printableTarget, type AuditDoor, type AuditEntry, type AuditOutcome } from '../domain/audit.ts';
import type { Apps } from '../ports/apps.ts';
import type { AuditFault, AuditTrail } from '../ports/audit-trail.ts';
import type { Causes } from '../ports/causes.ts';
import type { Clock } from '../ports/clock.ts';
import { needAdmin, reach } from './reach.ts';

/** A call that may change something, or tells secrets, as its door knows it. */
export interface AuditedCall {
  readonly actor: Actor;
  readonly door: AuditDoor;
  readonly ip: string | null;
  readonly requestId: string | null;
  readonly action: string;
  readonly target: Readonly<Record<string, string>>;
}

interface AuditQuery {
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Audit {
  /**
   * Does the work, with a row in the trail before it and one after it. When the first cannot be written nothing is done
   * and the call fails (`database_away`): nothing changes without a trace. When the second cannot be written the answer
   * of the work stands, because what was done is done, and a failure would have the caller do it again; the entry then
   * reads `unknown`. `problemOf` names the failure of work that tells it by its answer.
   */
  around<T>(
    call: AuditedCall,
    work: () => Promise<T>,
    signal: AbortSignal,
    problemOf?: (done: T) => string | undefined,
  ): Promise<T>;
  /** The calls that were about an app, newest first. */
  ofApp(actor: Actor, app: string, query: AuditQuery, signal: AbortSignal): Promise<readonly AuditEntry[]>;
  /** All calls, newest first; for administrators of the platform. */
  all(actor: Actor, query: AuditQuery, signal: AbortSignal): Promise<readonly AuditEntry[]>;
  /** Whether somebody has tampered with the trail; for administrators of the platform. */
  verify(
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ readonly rows: number; readonly fault: AuditFault | null }>;
}

export interface AuditDeps {
  readonly trail: AuditTrail;
  readonly apps: Pick<Apps, 'find' | 'findFor'>;
  readonly causes: Causes;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is done is done: whoever asked for it may have left by now. */
const END_LIMIT_MS = 10_000;

export function createAudit({ trail, apps, causes, clock, log }: AuditDeps): Audit {
  const now = (): string => clock.now().toISOString();

  async function end(id: string, outcome: AuditOutcome): Promise<void> {
    await trail
      .end(id, { at: now(), ...outcome }, AbortSignal.timeout(END_LIMIT_MS))
      .catch((problem: unknown) =>
        log.error({ err: problem, call: id }, 'the end of a call is missing in the audit trail'),
      );
  }

  return {
    async around({ actor, target, ...call }, work, signal, problemOf) {
      const id = randomUUID();
      const { userId, email } = actor;
      await trail.begin(
        {
          ...{ id, at: now(), ...call },
          actor: { id: userId, email },
          token: actor.credential?.kind === 'token' ? actor.credential.id : null,
          target: printableTarget(target),
        },
        signal,
      );
      try {
        const done = await causes.run({ call: id, userId, email }, work);
        const error = problemOf?.(done);
        await end(id, error === undefined ? { outcome: 'succeeded' } : { outcome: 'refused', error });
        return done;
      } catch (err) {
        await end(
          id,
          err instanceof KnownError || err instanceof ZodError
            ? { outcome: 'refused', error: err instanceof KnownError ? err.id : 'invalid_params' }
            : { outcome: 'failed', error: 'internal_error' },
        );
        throw err;
      }
    },

    async ofApp(actor, name, { before, limit }, signal) {
      const app = await reach(apps, actor, 'manage', name, signal);
      return trail.list({ appId: app.id, limit, ...(before !== undefined && { before }) }, signal);
    },

    all(actor, { before, limit }, signal) {
      needAdmin(actor, 'read the audit trail of the platform');
      return trail.list({ limit, ...(before !== undefined && { before }) }, signal);
    },

    verify(actor, signal) {
      needAdmin(actor, 'verify the audit trail');
      return trail.verify(signal);
    },
  };
}
