import { messageOf } from '../lib/errors.ts';
import { createDocker, labelOf } from './docker.ts';
import type { Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { readPidFile } from './process-id.ts';
import { stopPart, STOPS, type PartName } from './stopping.ts';
import type { Terminal } from './terminal.ts';

/** What becomes of the apps when the platform stops. */
export type AppsFate = 'keep where the engine is not ours' | 'stop' | 'remove';

export interface HowToStop {
  readonly apps: AppsFate;
  /** Address of the engine for apps. */
  readonly engine: string;
  readonly terminal: Terminal;
  /** From here on a person wonders what is being waited for, and is told. Default: 2 s. */
  readonly silentMs?: number;
}

const GRACE_SECONDS = 30;
const SILENT_MS = 2_000;

/**
 * Stops every part, doors first. The caller is in charge of the platform. Apps keep running in an engine that is
 * not ours unless their fate says otherwise; our own engine ends last, and stays when somebody else's containers
 * run in it. Idempotent.
 */
export async function stopPlatform(home: Home, how: HowToStop, signal: AbortSignal): Promise<void> {
  const { terminal } = how;
  const stop = async (...names: PartName[]): Promise<void> => {
    const stopping = names.map((name) => {
      const patience = `${name}: still ending; it is given ${STOPS[name].graceMs / 1000} s`;
      return { name, done: patiently(how, patience, stopPart(home, name, signal)) };
    });
    await Promise.allSettled(stopping.map(({ done }) => done)); // none is left alone by another's failure
    for (const { name, done } of stopping) if ((await done) === 'stopped') terminal.say(`  ${name}: stopped`);
  };
  await stop('server');
  await stop('builder');
  await stop('router');
  const ownEngine = (await readPidFile(pidFileOf(home, 'engine'))) !== undefined;
  if (how.apps !== 'keep where the engine is not ours' || ownEngine) await endApps(home, how, signal);
  await stop('registry', 'redis', 'postgres', 'build-engine'); // none needs another
  if (!ownEngine) return;
  const others = await createDocker(how.engine)
    .running(undefined, signal)
    .catch(() => []); // an engine that hangs has none we could spare
  if (others.length > 0)
    terminal.say(`  engine: left running for ${others.length} containers that are not of this platform`);
  else await stop('engine');
}

/** Says what is being waited for when it takes long. */
async function patiently<T>(
  { terminal, silentMs = SILENT_MS }: HowToStop,
  patience: string,
  work: Promise<T>,
): Promise<T> {
  const late = setTimeout(() => terminal.say(`  ${patience} …`), silentMs);
  try {
    return await work;
  } finally {
    clearTimeout(late);
  }
}

async function endApps(home: Home, how: HowToStop, signal: AbortSignal): Promise<void> {
  const docker = createDocker(how.engine);
  const label = labelOf(home.id);
  try {
    const running = await docker.running(label, signal);
    const stopping = running.map((container) => docker.stop(container, GRACE_SECONDS, signal));
    const patience = `apps: ${running.length} instances are still ending; they are given ${GRACE_SECONDS} s`;
    await patiently(how, patience, Promise.all(stopping));
    if (running.length > 0) how.terminal.say(`  apps: ${running.length} instances stopped`);
    if (how.apps !== 'remove') return;
    for (const container of await docker.all(label, signal)) await docker.remove(container, signal);
    for (const network of await docker.networks(label, signal)) await docker.removeNetwork(network, signal);
  } catch (err) {
    signal.throwIfAborted();
    how.terminal.say(
      `  apps: the engine does not answer (${messageOf(err)}), so what runs in it was left alone`,
    );
  }
}
