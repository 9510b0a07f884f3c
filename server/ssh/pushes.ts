import type { Actor } from '../domain/actor.ts';

/** One ref a push wants to change; null stands for "not there". */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What the door needs from the platform to serve git. */
export interface Pushes {
  /** Authorizes and answers the path of the bare repository; throws `not_found` and the like. */
  open(
    actor: Actor,
    appName: string,
    access: 'read' | 'write',
    signal: AbortSignal,
  ): Promise<{ appId: string; path: string }>;
  /**
   * Called after the client sent its pack and before any ref moves. Streams lines to `say` (without `remote: `) and
   * resolves true when the ref updates may be applied. Throws KnownError for refusals.
   */
  receive(
    actor: Actor,
    appId: string,
    updates: readonly RefUpdate[],
    quarantine: { objects: string },
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** Whose key this is, by its `SHA256:…` fingerprint. */
export interface KeyHolders {
  authenticateKey(fingerprint: string, signal: AbortSignal): Promise<Actor | undefined>;
}
