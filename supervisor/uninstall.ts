import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lib/child.ts';
import { removeBuildNetwork } from './build-network.ts';
import { inCharge } from './charge.ts';
import { removeLink } from './command-link.ts';
import type { Settings } from './config.ts';
import { APPS_SOCKET, bareEnvironment } from './context.ts';
import { createDocker, labelOf } from './docker.ts';
import { stopPlatform } from './down.ts';
import { foreignIn } from './engine-holds.ts';
import { setupErrors } from './errors.ts';
import { exists, findHome, forget, type Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { mountsBelow } from './mounts.ts';
import { removePacketRules } from './packet-rules.ts';
import { readPidFile } from './process-id.ts';
import { removeUnit } from './systemd.ts';
import type { Terminal } from './terminal.ts';

/**
 * Removes what the platform made on this machine: processes, containers, networks, rules, unit, link. Keeps its
 * state, unless purging is asked for and confirmed. Debian packages stay: others may have come to need them. Idempotent.
 * Throws, before it has touched anything, when something of others is in the platform's own engine and would go with it.
 */
export async function uninstall(
  settings: Settings,
  how: { readonly state: 'keep' | 'purge'; readonly confirmed: 'yes' | 'ask'; readonly terminal: Terminal },
  signal: AbortSignal,
): Promise<void> {
  const { terminal } = how;
  const root = settings.GANTRY_HOME;
  const home = await findHome(root);
  if (!home) {
    if (await exists(root)) throw setupErrors.of('home_not_ours', { path: root });
    terminal.say(`There is no platform at ${root}.`);
    return;
  }
  if (how.state === 'purge' && how.confirmed === 'ask') {
    const question = `This deletes ${root} with every app, its images, repositories and config, all backups in ${root}/backups, and the key that opens backups (secrets/backup-key).`;
    if (!(await terminal.confirm(question))) throw setupErrors.of('not_confirmed', { path: root });
  }
  const engine = settings.DOCKER_HOST ?? `unix://${APPS_SOCKET}`;
  await spareOthers(home, { engine, state: how.state }, signal);
  await inCharge(home, signal, async () => {
    await stopPlatform(home, { apps: 'remove', engine, terminal }, signal);
    if (how.state === 'purge') await removeImages(home, engine, signal);
    await removeUnit(home, signal);
    await removeBuildNetwork(home, signal);
    await removePacketRules(home.id, signal);
    await removeLink(home);
    await unmountBelow([root, home.volatile], signal);
    await rm(home.volatile, { recursive: true, force: true });
    await forget(pidFileOf(home, 'supervisor'));
    if (how.state === 'purge') await rm(root, { recursive: true, force: true });
    terminal.say(
      how.state === 'purge'
        ? `Removed, with all state in ${root}.`
        : `Removed; the state is still in ${root} (--purge removes it too).`,
    );
  });
}

/** Our own engine goes, and with the state all that it holds: that may be somebody else's, whether it runs or not. */
async function spareOthers(
  home: Home,
  { engine, state }: { readonly engine: string; readonly state: 'keep' | 'purge' },
  signal: AbortSignal,
): Promise<void> {
  const label = labelOf(home.id);
  const runs = (await readPidFile(pidFileOf(home, 'engine'))) !== undefined;
  const running = runs
    ? await createDocker(engine)
        .others(label, signal)
        .catch(() => []) // one that hangs has none we could spare
    : [];
  const stored = state === 'purge' ? await foreignIn(join(home.root, 'engine'), label) : [];
  const others = [...new Set([...running, ...stored])];
  if (others.length > 0) throw setupErrors.of('engine_in_use', { others });
}

/** What the server fetched into an engine that is not ours, as it wrote down; our own engine's images go with the state. */
async function removeImages(home: Home, engine: string, signal: AbortSignal): Promise<void> {
  const fetched = await readFile(join(home.root, 'engine-images'), 'utf8').catch(() => ''); // nothing yet
  const repositories = new Set(fetched.split('\n').filter((line) => line !== ''));
  await createDocker(engine)
    .removeImagesOf(repositories, signal)
    .catch(() => signal.throwIfAborted()); // no engine, no images
}

/** Mounts that engines which were killed left below these directories; a directory with one in it cannot be removed. */
async function unmountBelow(roots: readonly string[], signal: AbortSignal): Promise<void> {
  for (const point of await mountsBelow(roots, await readFile('/proc/self/mountinfo', 'utf8')))
    await run('umount', ['--lazy', point], { env: bareEnvironment() }, signal);
}
