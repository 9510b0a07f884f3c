import { readFile, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import type { Settings } from './config.ts';
import { SUPERVISED } from './context.ts';
import { setupErrors } from './errors.ts';
import { findHome, mayBecomeHome } from './home.ts';
import { listenersOf, type Listener } from './listeners.ts';

/**
 * What must be true before anything is changed on the machine: rights, disk, ports. Throws the first that is not,
 * as a sentence. Ports that our own parts hold already are fine: the start adopts them.
 */
export async function preflight(settings: Settings, uid: number | undefined): Promise<void> {
  if (uid !== 0) throw setupErrors.of('not_root', {});
  await mayBecomeHome(settings.GANTRY_HOME);
  await checkHome(settings);
  await checkBundle(settings.GANTRY_CA_BUNDLE);
  await checkPorts(settings);
}

/** Builds would fail over it one by one. */
async function checkBundle(path = ''): Promise<void> {
  const invalid = (problem: string, cause?: unknown): Error =>
    setupErrors.of('setting_invalid', { name: 'GANTRY_CA_BUNDLE', problem }, cause);
  if (path === '') return;
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    throw invalid(`${path} cannot be read: ${messageOf(err)}`, err);
  });
  if (!text.includes('-----BEGIN ')) throw invalid(`there is no PEM certificate in ${path}`);
}

async function checkHome(settings: Settings): Promise<void> {
  const path = await nearestDirectory(settings.GANTRY_HOME);
  const disk = await statfs(path);
  const freeMb = Math.floor((disk.bavail * disk.bsize) / 1024 / 1024);
  const needMb = settings.GANTRY_MIN_DISK_MB;
  if (freeMb < needMb) throw setupErrors.of('disk_short', { path: settings.GANTRY_HOME, freeMb, needMb });
  const own = (await findHome(settings.GANTRY_HOME)) ? dirname(settings.GANTRY_HOME) : path;
  for (let parent = own; ; parent = dirname(parent)) {
    const mode = (await stat(parent)).mode;
    // The home itself we open; what is above it is not ours to change.
    if (parent !== settings.GANTRY_HOME && (mode & 0o001) === 0) {
      throw setupErrors.of('home_unreachable', { path: settings.GANTRY_HOME, parent });
    }
    if (parent === '/') return;
  }
}

async function nearestDirectory(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined); // not made yet
  return found ? path : nearestDirectory(dirname(path));
}

/** Settings of ports, in the order of the page. */
const PORTS = [
  'GANTRY_HTTP_PORT',
  'GANTRY_HTTPS_PORT',
  'GANTRY_SSH_PORT',
  'GANTRY_API_PORT',
  'GANTRY_REGISTRY_PORT',
] as const;

/** Without these two doors the platform works but for `run` and `ps:exec`: when somebody has their ports, doctor says so. */
const DOORS = ['GANTRY_RENDEZVOUS_PORT', 'GANTRY_EXEC_PORT'] as const;

async function checkPorts(settings: Settings): Promise<void> {
  const wanted = PORTS.filter(
    (setting) => setting !== 'GANTRY_REGISTRY_PORT' || settings.GANTRY_REGISTRY === undefined,
  );
  const all = [...wanted, ...DOORS];
  for (const [at, setting] of all.entries()) {
    const port = settings[setting];
    const twin = all.slice(0, at).find((other) => settings[other] === port);
    if (twin !== undefined)
      throw setupErrors.of('port_taken', { port, setting, holder: `the setting ${twin}` });
  }
  const held = await listenersOf(wanted.map((setting) => settings[setting]));
  if (held.size === 0) return;
  const home = await findHome(settings.GANTRY_HOME);
  for (const setting of wanted) {
    const port = settings[setting];
    const strangers = held.get(port)?.filter((listener) => !isOurs(listener, settings.GANTRY_HOME, home?.id));
    if (!strangers) continue;
    const [first] = strangers;
    if (first)
      throw setupErrors.of('port_taken', { port, setting, holder: `${first.name} (process ${first.pid})` });
    if (held.get(port)?.length === 0)
      throw setupErrors.of('port_taken', {
        port,
        setting,
        holder: 'a process that cannot be seen from here',
      });
  }
}

/** A process of this platform: it carries our mark, or (HAProxy may drop it) works on files in our home. */
function isOurs(listener: Listener, home: string, id: string | undefined): boolean {
  if (id === undefined) return false;
  return (
    listener.env.some((entry) => entry.startsWith(`${SUPERVISED}=${id}/`)) ||
    listener.argv.some((arg) => arg.startsWith(`${home}/`))
  );
}
