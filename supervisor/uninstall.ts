import { readFile, readlink, rm } from 'node:fs/promises';
import { run } from '../lib/child.ts';
import { removeBuildNetwork } from './build-network.ts';
import { inCharge } from './charge.ts';
import { removeLink } from './command-link.ts';
import type { Settings } from './config.ts';
import { APPS_SOCKET, bareEnvironment } from './context.ts';
import { createDocker } from './docker.ts';
import { stopPlatform } from './down.ts';
import { setupErrors } from './errors.ts';
import { exists, findHome, forget } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { removePacketRules } from './packet-rules.ts';
import { removeUnit } from './systemd.ts';
import type { Terminal } from './terminal.ts';

/**
 * Removes what the platform made on this machine: processes, containers, networks, rules, unit, link. Keeps its
 * state, unless purging is asked for and confirmed. Debian packages stay: others may have come to need them. Idempotent.
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
    const question = `This deletes ${root} with every app, its images, repositories and config.`;
    if (!(await terminal.confirm(question))) throw setupErrors.of('not_confirmed', { path: root });
  }
  const engine = settings.DOCKER_HOST ?? `unix://${APPS_SOCKET}`;
  await inCharge(home, signal, async () => {
    await stopPlatform(home, { apps: 'remove', engine, terminal }, signal);
    if (how.state === 'purge') await removeImages(settings, engine, signal);
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

/** The apps' images in an engine that is not ours; our own engine's go with the state. */
async function removeImages(settings: Settings, engine: string, signal: AbortSignal): Promise<void> {
  const registry = settings.GANTRY_REGISTRY ?? `127.0.0.1:${settings.GANTRY_REGISTRY_PORT}`;
  const docker = createDocker(engine);
  await docker.removeImagesOf(registry, signal).catch(() => signal.throwIfAborted()); // no engine, no images
}

/** Mounts that engines which were killed left below these directories; a directory with one in it cannot be removed. */
async function unmountBelow(roots: readonly string[], signal: AbortSignal): Promise<void> {
  const real = await Promise.all(roots.map((root) => readlink(root).catch(() => root)));
  const mounted = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((point) => real.some((root) => point.startsWith(`${root}/`)));
  for (const point of mounted.reverse())
    await run('umount', ['--lazy', point], { env: bareEnvironment() }, signal);
}
