/** A machine that runs instances, as it is now. */
export interface Host {
  /** As instances name the one they are on. */
  readonly name: string;
  readonly hostname: string;
  /** False while its engine does not answer: nothing can be started there, and what runs goes on. */
  readonly engine: boolean;
  /** Instances and their remains; null while the engine does not answer. */
  readonly instances: number | null;
  readonly platform: string;
  readonly architecture: string;
  readonly cpus: number;
  /** Processes that want to run, on average over the last minute. */
  readonly load: number;
  readonly memory: Room;
  /** Where the platform keeps what it has. */
  readonly disk: Room;
  readonly upSince: Date;
}

interface Room {
  readonly totalBytes: number;
  /** What could still be used. */
  readonly freeBytes: number;
}
