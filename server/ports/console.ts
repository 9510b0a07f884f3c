/** Where text goes: a screen with a width, or a pipe. */
export interface ScreenOutput {
  readonly isTTY: boolean;
  readonly columns?: number;
  hasColors(): boolean;
  write(text: string): unknown;
}

/** What one caller types, and sees. */
export interface Screen {
  readonly input: NodeJS.ReadableStream & { readonly isTTY: boolean; setRawMode(mode: boolean): unknown };
  readonly output: ScreenOutput;
  readonly errors: ScreenOutput;
  /** The kind of screen, as in TERM; undefined where there is none. */
  readonly term: string | undefined;
}

/** Whoever has logged in with a key, and the name they called the platform by: `git`, `dokku` or `deis`. */
interface ConsoleCaller {
  readonly fingerprint: string;
  readonly user: string;
}

/** The platform's own commands, for callers who have no program of ours. */
export interface Console {
  /**
   * Runs one command with the rights of the key, and of nothing else, and answers its exit code. When the signal aborts
   * the caller has left or has enough. Rejects only for a bug.
   */
  run(caller: ConsoleCaller, words: readonly string[], screen: Screen, signal: AbortSignal): Promise<number>;
}
