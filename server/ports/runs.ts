import type { BuiltImage, ConfigVars } from '../domain/release.ts';
import type { Run, RunSignal } from '../domain/run.ts';
import type { AppPlace, InstanceSpec } from './engine.ts';

/** What a run is to be; its network, user and limits are those of the app's instances. */
export interface RunSpec {
  readonly app: AppPlace;
  readonly release: number;
  readonly number: number;
  readonly image: BuiltImage;
  /** Null: the image's own entry point and command. */
  readonly argv: readonly string[] | null;
  readonly command: string;
  readonly config: ConfigVars;
  /** What whoever started it adds to the config, and wins over it. */
  readonly env: ReadonlyMap<string, string>;
  /** What the platform says to the process; wins over both. */
  readonly platformEnv: ReadonlyMap<string, string>;
  readonly attached: boolean;
  readonly tty: boolean;
  readonly size: InstanceSpec['size'] & { readonly name: string };
  readonly endsAt: Date;
}

/** A command in a running instance. */
export interface ExecSpec {
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly tty: boolean;
}

export interface Printed {
  /** Always `out` on a terminal, which has one stream. */
  readonly stream: 'out' | 'err';
  readonly bytes: Buffer;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The two ends of a process that runs. Disposal lets go of it and does not end it. */
export interface Attachment extends AsyncDisposable {
  /** What it prints, until it ends; what is not read is not printed. To be iterated once. */
  readonly output: AsyncIterable<Printed>;
  /** Resolves when there is room for more. What it no longer reads is dropped. */
  write(bytes: Buffer): Promise<void>;
  /** The end of its input. */
  end(): void;
  /** Nothing without a terminal. */
  resize(size: TerminalSize): Promise<void>;
  /** To the process and what it started; nothing once it has ended. */
  signal(name: RunSignal): Promise<void>;
  /** Its exit code; to be asked when the output has ended. */
  exitCode(): Promise<number>;
}

/** Where runs live. What is gone is not an error. */
export interface RunEngine {
  /** Of all apps or of one, ended ones included until they are removed. */
  findRuns(signal: AbortSignal, appId?: string): Promise<readonly Run[]>;
  /** Creates without starting; network and image must be there. Undefined when the app has a run of that number. */
  createRun(spec: RunSpec, signal: AbortSignal): Promise<string | undefined>;
  startRun(id: string, signal: AbortSignal): Promise<void>;
  /** Starts a created run, with its ends in our hands from the first byte on. The signal lets go of it. */
  attachRun(id: string, tty: boolean, signal: AbortSignal): Promise<Attachment>;
  /** Starts a command in an instance. The signal lets go of it. Throws `start_refused`. */
  exec(instanceId: string, spec: ExecSpec, signal: AbortSignal): Promise<Attachment>;
  signalRun(id: string, name: RunSignal, signal: AbortSignal): Promise<void>;
  /** Removes it, and kills it if it still runs; its last lines stay readable. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** A line of the platform in the log of a run that is there. */
  noteRun(id: string, text: string): void;
}
