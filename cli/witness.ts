import type { ChildProcess } from 'node:child_process';

/**
 * A process of no other use in the same process group. What is typed on a terminal is told to the whole group, and
 * nothing else says whether a signal was told to us alone.
 */
export interface Witness extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Whether SIGINT, which has just come here, has come there as well. */
  wasTold(): Promise<boolean>;
}

/** Signals to a group arrive at once; this is for a machine that has much else to do. */
const PATIENCE_MS = 200;

export async function startWitness(): Promise<Witness> {
  const { spawn } = await import('node:child_process');
  let living = start();

  /** It reads from us, so it ends with us, whatever ends us. */
  function start(): ChildProcess {
    const child = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    child.once('error', () => undefined);
    child.unref();
    return child;
  }

  return {
    get pid() {
      return living.pid;
    },
    async wasTold() {
      const asked = living;
      // Where there is none to ask, the signal is taken for typed, as it mostly is.
      if (!hasEnded(asked)) await endOrPatience(asked);
      if (!hasEnded(asked)) return false;
      if (living === asked) living = start();
      return true;
    },
    [Symbol.asyncDispose]() {
      living.stdin?.destroy();
      living.kill('SIGKILL');
      return Promise.resolve();
    },
  };
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function endOrPatience(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
