import { spawn, type ChildProcess } from 'node:child_process';

/** What a finished child said. `code` is null when a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The whole environment of the child; nothing is inherited but what is given here. Default: the parent's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Who the child runs as; without it, who we are. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly input?: string;
  /** The signal ends what the child has started too; a terminal's signals do not reach it. */
  readonly group?: true;
  /** Bytes of each output stream kept; the rest is read and dropped. Default 8 MiB. */
  readonly maxBytes?: number;
}

/**
 * Runs a program with an argument array, never through a shell, and collects its output.
 * Resolves for any exit code; rejects when it cannot be started, or when the signal has aborted and the child, which gets
 * SIGKILL then, is gone: whoever hears of it may remove or use what the child had open.
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
  signal: AbortSignal,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(command, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
      ...(options.group && { detached: true }),
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    });
    const out = collect(options.maxBytes ?? 8 * 1024 * 1024);
    const err = collect(64 * 1024);
    child.stdout.on('data', out.take);
    child.stderr.on('data', err.take);
    child.stdin.on('error', () => undefined); // the child may end without reading; its exit code tells
    child.stdin.end(options.input ?? '');
    const endGroup = (): void => killGroup(child.pid);
    if (options.group) signal.addEventListener('abort', endGroup, { once: true });
    child.once('close', () => signal.removeEventListener('abort', endGroup));
    let failure: Error | undefined;
    child.on('error', (why) => {
      failure = why;
      void gone(child, GONE_WITHIN_MS).then(() => {
        // Its own children may hold its pipes open for as long as they like.
        child.stdout.destroy();
        child.stderr.destroy();
        reject(why);
      });
    });
    child.on('close', (code) => {
      if (failure === undefined) resolve({ code, stdout: out.text(), stderr: err.text() });
      else reject(failure);
    });
  });
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // all of it has ended
  }
}

/** The kernel lets go of a killed process at once, unless a disk or a network holds it: nobody can wait for that. */
const GONE_WITHIN_MS = 5_000;

/** Resolves when a child has ended, or never began; after so long in any case. */
export function gone(
  child: Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'> & {
    once(event: 'exit', listener: () => void): unknown;
  },
  withinMs: number,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** As `run`, but any exit code other than 0 is an error that carries the last line of standard error. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions,
  signal: AbortSignal,
): Promise<string> {
  const done = await run(command, args, options, signal);
  if (done.code === 0) return done.stdout;
  const said = done.stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(`${command} ${args[0] ?? ''} ended with ${done.code ?? 'a signal'}: ${said}`);
}

function collect(maxBytes: number): { take: (chunk: Buffer) => void; text: () => string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    take(chunk) {
      if (size >= maxBytes) return;
      chunks.push(chunk.subarray(0, maxBytes - size));
      size += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
