import type { AppSetup, Postdeploy, Prepared, SetupOrder } from '../domain/app-setup.ts';

/** A setup that is to be written down with its app, by `Apps.create`. */
export interface NewSetup extends Pick<AppSetup, 'id' | 'userId' | 'buildId' | 'source'> {
  readonly order: SetupOrder;
}

interface SetupOutcome {
  readonly status: 'succeeded' | 'failed';
  readonly failure: string | null;
  readonly manifestErrors: readonly string[];
  readonly postdeploy: Postdeploy | null;
  readonly successUrl: string | null;
}

/** Setups, and how far they have come. They go with their app, but for those that their app went with. */
export interface AppSetups {
  /** Of a living app, or of one that went with it. */
  find(id: string, signal: AbortSignal): Promise<AppSetup | undefined>;
  /** The ids of all that are pending, oldest first; none when this reign is over. */
  waiting(epoch: number, signal: AbortSignal): Promise<readonly string[]>;
  /** With what was asked for. Undefined when it is decided, or its app is gone for good. Throws `config_unreadable`. */
  pending(
    id: string,
    signal: AbortSignal,
  ): Promise<{ readonly setup: AppSetup; readonly order: SetupOrder } | undefined>;
  /** False when it is decided, gone, or this reign is over. */
  recordPrepared(
    id: string,
    epoch: number,
    done: { readonly prepared: Prepared; readonly manifestErrors: readonly string[] },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** To be written before the run is started, so that none is started twice. False as `recordPrepared`. */
  recordRun(id: string, epoch: number, runId: string, signal: AbortSignal): Promise<boolean>;
  /**
   * What was asked for is forgotten with this. One that fails takes its app with it if nothing was ever built or deployed
   * there, by anybody: then there is nothing to look at or to go on from, and its name is free. False as `recordPrepared`.
   */
  settle(id: string, epoch: number, outcome: SetupOutcome, signal: AbortSignal): Promise<boolean>;
  /** Those of these runs of which a pending setup has yet to read how they ended. */
  needing(runIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}
