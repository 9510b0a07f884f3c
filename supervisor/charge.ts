import { askHandover, askStatus, takeCharge } from './control.ts';
import { messageOf } from '../lib/errors.ts';
import type { Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { endProcess, identify, readPidFile, writePidFile } from './process-id.ts';

/** The supervisor's own pid file, so that one that hangs can be found. */
export async function writeOwnPid(home: Home): Promise<void> {
  const own = identify(process.pid);
  if (own) await writePidFile(pidFileOf(home, 'supervisor'), { ...own, fingerprint: 'supervisor' });
}

/**
 * Does work that only one process at a time may do to a platform. A supervisor that runs is asked to let go first
 * (its parts run on), one that does not answer is killed.
 */
export async function inCharge<T>(home: Home, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const charge = await takeOver(home, signal);
  try {
    return await work();
  } finally {
    await charge[Symbol.asyncDispose]();
  }
}

async function takeOver(home: Home, signal: AbortSignal): Promise<AsyncDisposable> {
  const free = await takeCharge(home, 0, signal);
  if (free) return free;
  if (await askStatus(home, signal)) {
    await askHandover(home, signal).catch((err: unknown) => {
      signal.throwIfAborted();
      return messageOf(err); // it may have ended between the two questions; the next lines find out
    });
    const given = await takeCharge(home, 15_000, signal);
    if (given) return given;
  }
  const hanging = await readPidFile(pidFileOf(home, 'supervisor'));
  if (hanging) await endProcess(hanging, { signal: 'SIGKILL', graceMs: 5_000 }, signal);
  const taken = await takeCharge(home, 5_000, signal);
  if (!taken)
    throw new Error('another process is in charge of this platform and does not let go; see gantry doctor');
  return taken;
}
