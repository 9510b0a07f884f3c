import { spawn } from 'node:child_process';
import { pipeline as pipe } from 'node:stream/promises';

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
}

interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stderr: string;
}

/** Of what a program complains about, so much is kept. */
const STDERR_BYTES = 64 * 1024;

/**
 * Runs two programs, never through a shell, of which the second reads what the first writes. Resolves, for any exit codes,
 * when both have ended; rejects when one cannot be started, or with the signal's reason: then both get SIGKILL.
 */
export async function pipeline(
  from: Program,
  to: Program,
  signal: AbortSignal,
): Promise<readonly [Ended, Ended]> {
  const start = ({ command, args, env }: Program) => {
    const child = spawn(command, [...args], {
      ...{ env, cwd: '/', stdio: 'pipe', signal, killSignal: 'SIGKILL' },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_BYTES);
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stderr }));
    });
    return { child, ended };
  };
  const [first, second] = [start(from), start(to)];
  first.child.stdin.end();
  second.child.stdout.resume();
  // A reader that ends early ends the writer; which of them failed is what their exit codes say.
  pipe(first.child.stdout, second.child.stdin).catch(() => first.child.kill('SIGKILL'));
  try {
    return await Promise.all([first.ended, second.ended]);
  } catch (err) {
    for (const { child } of [first, second]) child.kill('SIGKILL');
    throw signal.aborted ? signal.reason : err;
  }
}
