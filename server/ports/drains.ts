import type { Secret } from '../../lib/secret.ts';
import type { Drain, DrainTarget } from '../domain/drain.ts';
import type { LogLine } from './engine.ts';

export interface Drains {
  /** Throws `too_many_drains`, `invalid_params` for one that is there, and `not_found` for an app that is gone. */
  add(
    draft: {
      readonly id: string;
      readonly appId: string;
      readonly token: string;
      readonly url: Secret;
      /** What makes it the same as another one. */
      readonly canonical: Secret;
    },
    most: number,
    signal: AbortSignal,
  ): Promise<Drain>;
  /** Oldest first. */
  list(appId: string, signal: AbortSignal): Promise<readonly Drain[]>;
  /** By its id, its token, or what its URL comes to. */
  find(appId: string, by: DrainName, signal: AbortSignal): Promise<Drain | undefined>;
  /** False when it was gone already. */
  remove(drain: Drain, signal: AbortSignal): Promise<boolean>;
  /** Those of all living apps. */
  all(signal: AbortSignal): Promise<readonly Drain[]>;
}

export type DrainName = { readonly id: string } | { readonly token: string } | { readonly canonical: Secret };

/** Lines that are sent together, and again under the same id when that fails. */
export interface DrainBatch {
  readonly id: string;
  readonly token: string;
  readonly lines: readonly LogLine[];
}

/** The way to one receiver. */
export interface DrainPipe extends AsyncDisposable {
  /** Resolves when the receiver has them, as far as one can know. Throws `egress_refused`, `egress_failed`. */
  send(batch: DrainBatch, signal: AbortSignal): Promise<void>;
}

export interface DrainPipes {
  /** Connects when something is first sent, and again when it has to. */
  open(target: DrainTarget): DrainPipe;
}
