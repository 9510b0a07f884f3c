/** Limits of one git process. */
export interface ProcessLimits {
  /** Largest pack that may be pushed. */
  readonly packBytes: number;
  /** Writable memory (RLIMIT_DATA): packs are mapped read-only and do not count. */
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  /** From the start to the hook, or to the end of a fetch. */
  readonly wallMs: number;
}

/** How much of git one person and all together may have running, through whichever door they came. */
export interface GitLimits {
  readonly commandsPerActor: number;
  readonly commands: number;
  /** Commands that wait for a place: of one person, of all together, and how long at most. */
  readonly waitingPerActor: number;
  readonly waiting: number;
  readonly waitMs: number;
  readonly process: ProcessLimits;
}

export const GIT_LIMITS: GitLimits = {
  commandsPerActor: 20,
  commands: 64,
  waitingPerActor: 100,
  waiting: 300,
  waitMs: 45_000, // less than the router waits for an answer over HTTP
  process: {
    packBytes: 512 * 1024 * 1024,
    memoryBytes: 512 * 1024 * 1024,
    cpuSeconds: 120,
    wallMs: 15 * 60_000,
  },
};
