import type { BuiltImage } from './release.ts';

/** A one-off process of an app, `run.1234`: like its instances in everything but the router and the restarts. */
export interface Run {
  /** The engine's id. */
  readonly id: string;
  readonly appId: string;
  /** Four digits, unique among the app's runs that are there. */
  readonly number: number;
  readonly release: number;
  /** As the person typed it. */
  readonly command: string;
  /** Lives with the connection of whoever started it; a detached one does not. */
  readonly attached: boolean;
  readonly size: string;
  /** `created`: waits for its first connection. */
  readonly state: 'created' | 'up' | 'ended';
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly exitCode: number | null;
  /** When its time is over. */
  readonly endsAt: Date;
}

/** `run.1234` */
export function runName(run: Pick<Run, 'number'>): string {
  return `${RUN_TYPE}.${run.number}`;
}

/** The type of every run, on the wire and in logs. */
export const RUN_TYPE = 'run';

/** Runs of one app at once; the addresses of its network are shared out with these in mind (`MOST_INSTANCES`). */
export const MOST_RUNS = 5;
/** Commands in running instances of one app at once. */
export const MOST_EXECS = 10;

export const RUN_NUMBERS = { from: 1000, below: 10_000 } as const;

/** Heroku's limit for one-off processes, in seconds; less can be asked for. */
export const RUN_SECONDS = 24 * 3600;

/** As Heroku words them, for clients that look for the code. */
export const R13 = 'Error R13 (Attach error) -> Failed to attach to process';
export const R16 =
  'Error R16 (Detached) -> An attached process continued to run after SIGHUP when its connection was closed';

/** What a person may send to a process. */
export const RUN_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGKILL',
] as const;
export type RunSignal = (typeof RUN_SIGNALS)[number];

/** With this everything on the stack image starts (buildpacks/stack); it sources the profile scripts first. */
const START = '/usr/local/bin/gantry-start';
/** What the builder calls itself when there was a Dockerfile. */
const DOCKERFILE = 'dockerfile';

/**
 * What a command of a person becomes in this image; null: the image's own entry point and command.
 * The first word may be a process type, which stands for the command of that type (`worker ; echo $?` too).
 */
export function runArgv(
  image: Pick<BuiltImage, 'builder' | 'processes'>,
  command: string,
): readonly string[] | null {
  const whole = command.trimStart();
  const [first = ''] = /^\S+/.exec(whole) ?? [];
  const rest = whole.slice(first.length);
  const process = Object.hasOwn(image.processes, first) ? image.processes[first] : undefined;
  if (process !== undefined && rest.trim() === '') return process.argv;
  const line = process === undefined ? command : `${process.command}${rest}`;
  return image.builder === DOCKERFILE ? ['/bin/sh', '-c', line] : [START, line];
}

/**
 * The same on a terminal of this size from its first moment on: an engine sets one only when the process is there, and
 * what asks for it at once would be told that there are no columns. Of what goes through no shell that is left as it is.
 */
export function onTerminal<Argv extends readonly string[] | null>(
  argv: Argv,
  size: { readonly columns: number; readonly rows: number } | null,
): Argv | readonly string[] {
  const line = argv?.at(-1);
  if (argv === null || line === undefined || size === null) return argv;
  const throughShell = argv[0] === START || (argv[0] === '/bin/sh' && argv[1] === '-c' && argv.length === 3);
  if (!throughShell) return argv;
  return [...argv.slice(0, -1), `stty rows ${size.rows} cols ${size.columns} 2>/dev/null; ${line}`];
}
