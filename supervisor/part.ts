/**
 * A part of the platform as the supervisor sees it: one process with a command, a question that tells whether
 * it is ready, and a way to end. The supervisor knows no more about any of them.
 */
export interface Part {
  readonly name: string;
  /** What it is, for people: "image registry". */
  readonly title: string;
  /** Names of parts that must be ready before this one is started. */
  readonly needs: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Done before each start, never before an adoption: directories, configuration, leftovers of a crash. Idempotent. */
  readonly prepare?: (attempt: number, signal: AbortSignal) => Promise<void>;
  /** Resolves when the part answers; throws with the reason when it does not. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  readonly stop: { readonly signal: NodeJS.Signals; readonly graceMs: number };
  /** Time from start to ready that is not yet a failure. */
  readonly readyMs: number;
  /** `restart`: killed and started again when it no longer answers. `report`: only said (it may be busy recovering). */
  readonly whenHung: 'restart' | 'report';
  /** Changes when the part has to be started anew, e.g. the version of the code it runs. */
  readonly version: string;
}

/** A part that somebody else runs: it is asked, never started or stopped. */
export interface GivenPart {
  readonly name: string;
  readonly title: string;
  readonly address: string;
  /** The setting that named it. */
  readonly setting: string;
  readonly probe: (signal: AbortSignal) => Promise<void>;
}

type PartState = 'waiting' | 'starting' | 'ready' | 'failing' | 'refused' | 'stopped';

/** What is known about a part at this moment. */
export interface PartStatus {
  readonly name: string;
  readonly title: string;
  readonly state: PartState;
  readonly origin: 'started' | 'adopted' | 'given' | 'none';
  readonly pid: number | null;
  readonly restarts: number;
  /** Why it is not ready, or null. */
  readonly problem: string | null;
}

/** Exit code of a program that would only fail again: its last line says why (sysexits.h calls it EX_CONFIG). */
export const REFUSES = 78;
