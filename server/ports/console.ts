/** Where text goes: a screen with a width, or a pipe. */
export interface ScreenOutput {
  readonly isTTY: boolean;
  readonly columns?: number;
  hasColors(): boolean;
  write(text: string): unknown;
}

/** The same keyboard and screen without any manners, to be lent to a process: bytes as they are. */
export interface ScreenEnds {
  /** Whether there is a keyboard and a screen, so that a terminal makes sense. */
  readonly live: boolean;
  readonly input: NodeJS.ReadableStream;
  /** Resolve when there is room for more, or nobody looks any longer. */
  out(bytes: Buffer): Promise<void>;
  err(bytes: Buffer): Promise<void>;
  /** Of the screen; undefined without one. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  /** Calls when the size has changed, or with the signals that the caller sends; answers how to stop that. */
  onResize(tell: () => void): () => void;
  onSignal(tell: (name: string) => void): () => void;
  /** From now on each key goes to the process as it is; answers how to end that. */
  raw(): () => void;
}

/** What one caller types, and sees. */
export interface Screen {
  readonly input: NodeJS.ReadableStream & { readonly isTTY: boolean; setRawMode(mode: boolean): unknown };
  readonly output: ScreenOutput;
  readonly errors: ScreenOutput;
  /** The kind of screen, as in TERM; undefined where there is none. */
  readonly term: string | undefined;
  readonly ends: ScreenEnds;
}

/** Whoever has logged in with a key, and the name they called the platform by: `git`, `dokku` or `deis`. */
interface ConsoleCaller {
  readonly fingerprint: string;
  readonly user: string;
}

/** The platform's own commands, for callers who have no program of ours. */
export interface Console {
  /**
   * Runs one command line, as it was typed, with the rights of the key, and of nothing else, and answers its exit code.
   * When the signal aborts the caller has left or has enough. Rejects only for a bug.
   */
  run(caller: ConsoleCaller, line: string, screen: Screen, signal: AbortSignal): Promise<number>;
}
