import { messageOf } from '../lib/errors.ts';
import { createDocker, labelOf } from './docker.ts';
import type { Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { readPidFile } from './process-id.ts';
import { stopPart, type PartName } from './stopping.ts';
import type { Terminal } from './terminal.ts';

/** What becomes of the apps when the platform stops. */
export type AppsFate = 'keep where the engine is not ours' | 'stop' | 'remove';

const GRACE_SECONDS = 30;

/**
 * Stops every part, doors first. The caller is in charge of the platform. Apps keep running in an engine that is
 * not ours unless their fate says otherwise; our own engine ends last, and stays when somebody else's containers
 * run in it. Idempotent.
 */
export async function stopPlatform(
  home: Home,
  how: { readonly apps: AppsFate; readonly engine: string; readonly terminal: Terminal },
  signal: AbortSignal,
): Promise<void> {
  const { terminal } = how;
  const stop = async (name: PartName): Promise<void> => {
    if ((await stopPart(home, name, signal)) === 'stopped') terminal.say(`  ${name}: stopped`);
  };
  await stop('server');
  await stop('builder');
  await stop('router');
  const ownEngine = (await readPidFile(pidFileOf(home, 'engine'))) !== undefined;
  if (how.apps !== 'keep where the engine is not ours' || ownEngine) await endApps(home, how, signal);
  for (const name of ['registry', 'redis', 'postgres', 'build-engine'] as const) await stop(name);
  if (!ownEngine) return;
  const others = await createDocker(how.engine)
    .running(undefined, signal)
    .catch(() => []); // an engine that hangs has none we could spare
  if (others.length > 0)
    terminal.say(`  engine: left running for ${others.length} containers that are not of this platform`);
  else await stop('engine');
}

async function endApps(
  home: Home,
  how: { readonly apps: AppsFate; readonly engine: string; readonly terminal: Terminal },
  signal: AbortSignal,
): Promise<void> {
  const docker = createDocker(how.engine);
  const label = labelOf(home.id);
  try {
    const running = await docker.running(label, signal);
    await Promise.all(running.map((container) => docker.stop(container, GRACE_SECONDS, signal)));
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
