import type { AuditCall, AuditEntry, AuditOutcome } from '../domain/audit.ts';

/** What is wrong with the trail, and from which row on. */
export interface AuditFault {
  readonly seq: number;
  readonly problem: string;
}

/** The trail of all calls that change something or tell secrets. Rows are only ever added, each chained to the one before. */
export interface AuditTrail {
  /** Writes down that a call begins. Throws `database_away`: then the call must not be made. */
  begin(call: AuditCall, signal: AbortSignal): Promise<void>;
  /** Writes down how it ended, with all that it changed. */
  end(callId: string, outcome: AuditOutcome & { readonly at: string }, signal: AbortSignal): Promise<void>;
  /** The newest calls first, those with a `seq` below `before` if given; of one app (also one that is gone), or of all. */
  list(
    query: { readonly appId?: string; readonly before?: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly AuditEntry[]>;
  /** Reads the whole chain and answers how many rows it has and the first fault, if there is one. */
  verify(signal: AbortSignal): Promise<{ readonly rows: number; readonly fault: AuditFault | null }>;
}
