import type { Client } from '../server/contract/client.ts';
import type { CliConfig } from './config.ts';
import type { OwnEnds } from './ends.ts';
import type { Git } from './git.ts';
import type { Output } from './output-shapes.ts';
import type { RunEnd, RunEnds } from './run-client.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with. */
export interface Context {
  readonly terminal: Terminal;
  readonly config: CliConfig;
  readonly git: Git;
  readonly options: Options;
  /** Every command there is, for those that tell of others. */
  readonly commands: readonly CommandSpec[];
  /** The folder in which the command was called. */
  readonly cwd: string;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** The server this user talks to. Throws CommandError when it is not known who they are. */
  readonly client: () => Promise<Client>;
  /** The app that is meant: `--app`, GANTRY_APP, or the git remote. Throws UsageError when none is. */
  readonly app: () => Promise<string>;
  /** Prints the result: as JSON when that was asked for, else by `human`. */
  readonly result: (value: unknown, human: () => void) => void;
  /** Starts a program with one argument and leaves it alone; false when it cannot be started. */
  readonly launch: (program: string, argument: string) => Promise<boolean>;
  /** The user's own keyboard and screen; undefined where there are none. */
  readonly ends?: OwnEnds | undefined;
  /** Connects keyboard and screen to the process that the server has this secret for, until it ends. */
  readonly meet: (secret: string, ends: RunEnds) => Promise<RunEnd>;
  /** Lends a program the user's own screen and keyboard until it ends, and answers its exit code. */
  readonly attach: Attach;
  /**
   * At most `limit` bytes of a file of the user's; undefined when there is none. The only way a command may read one:
   * over SSH the files here are the server's, and this refuses.
   */
  readonly readFile: (path: string, limit: number) => Promise<Buffer | undefined>;
  /** False over SSH, where there are no files of the user's. */
  readonly local: boolean;
}

/** `env` is the whole environment of the program. A signal that ended it is 128 and its number, as shells have it. */
export type Attach = (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

/** The options a command was given, by their long names. */
export interface Options {
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** True for `--no-NAME`. */
  declined(name: string): boolean;
}

/** What a command's file exports as `run`; `args` are its arguments without the options. */
export type Run = (context: Context, args: readonly string[]) => Promise<void>;

export interface OptionSpec {
  /** As shown in help: `-n, --num <lines>`. */
  readonly flags: string;
  readonly says: string;
  /** Given more than once, the values become one with this between them; else the last one counts. */
  readonly joinedBy?: string;
}

/** A command as help shows it; what it does is in its own file, loaded only when it runs. */
export interface CommandSpec {
  /** `ps:scale` */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** More, for the command's own help. */
  readonly details?: string;
  /** `[change...]` */
  readonly args?: string;
  readonly options?: readonly OptionSpec[];
  /** Adds `--app` and `--remote`. */
  readonly onApp?: true;
  /** Adds `--no-wait`: it begins a deployment and stays until that is decided. */
  readonly deploys?: true;
  /** It is about this machine: its files, its screen, its git repository. Over SSH it is refused. */
  readonly local?: true;
  /** The shape of what it prints with `--json`; null where what it prints is meant for another program as it is. */
  readonly prints: Output | null;
  /** What follows its first argument, options too, is another program's business. */
  readonly passThrough?: true;
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** Commands that belong together. */
export interface TopicSpec {
  readonly title: string;
  readonly commands: readonly CommandSpec[];
}
