/** The bare git repositories behind `<app>.git`, kept by app id. */
export interface Repositories {
  /** Makes an empty repository unless it is there; answers its path. */
  ensure(appId: string, signal: AbortSignal): Promise<string>;
  remove(appId: string, signal: AbortSignal): Promise<void>;
  /** What all its files take together, without what pushes under way have not brought in yet. */
  bytes(appId: string, signal: AbortSignal): Promise<number>;
  /** The id a ref points to, or null. */
  resolve(appId: string, ref: string, signal: AbortSignal): Promise<string | null>;
  /** A ref beside which git cannot keep this one: `refs/heads/main` and `refs/heads/main/live`. Null when there is none. */
  clash(appId: string, ref: string, signal: AbortSignal): Promise<string | null>;
  /** Compare-and-set of a ref: true when it now equals `to` (also when it did before), false when it was neither `from` nor `to`. */
  move(appId: string, ref: string, to: string, from: string | null, signal: AbortSignal): Promise<boolean>;
  /**
   * Throws `push_refused`, with what to do, when the history of what is pushed is cut off (a shallow clone), and when a
   * repository would hold more after the push than one may.
   */
  checkPush(appId: string, push: Incoming, signal: AbortSignal): Promise<void>;
  /**
   * Takes a pushed commit out of git's quarantine: checks the tree (size, entry count, names, links), keeps the objects
   * under a hidden ref of this build, and writes the source archive whose path it answers.
   * Throws `source_refused` with the reason.
   */
  receive(
    appId: string,
    build: { readonly id: string; readonly commit: string; readonly quarantine: Quarantine },
    signal: AbortSignal,
  ): Promise<string>;
  /** Where `receive` put, or will put, the source archive of a build. */
  archiveOf(buildId: string): string;
  /** The builds whose source archives are older than that. */
  archives(olderThanMs: number, signal: AbortSignal): Promise<readonly string[]>;
  /** Removes the source archive of a build, whatever became of its repository. */
  discard(buildId: string, signal: AbortSignal): Promise<void>;
  /** Forgets the hidden ref and the archive of a build, if there are any. */
  release(appId: string, buildId: string, signal: AbortSignal): Promise<void>;
  /**
   * Drops what no ref holds and came longer ago than this, and joins packs; false when there was nothing to look at since the
   * last time. Not while a push of the app is under way: what it builds on may be held by no ref.
   */
  clear(appId: string, olderThanMs: number, signal: AbortSignal): Promise<boolean>;
  /** The builds of which `receive` has kept something for longer than this, and nobody has released it. */
  leftovers(appId: string, olderThanMs: number, signal: AbortSignal): Promise<readonly string[]>;
}

/** What refs would lead to after a push (null: deleted), and where its objects are. */
interface Incoming {
  readonly updates: readonly { readonly ref: string; readonly to: string | null }[];
  readonly quarantine: Quarantine;
}

/** Where receive-pack keeps what was pushed until the hook agrees; absolute paths inside the repository. */
export interface Quarantine {
  readonly objects: string;
}
