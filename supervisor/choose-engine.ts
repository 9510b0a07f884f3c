import { run } from '../lib/child.ts';
import { pause, withDeadline } from '../lib/deadline.ts';
import { choosePool } from './addresses.ts';
import { APPS_SOCKET, bareEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { exists, type Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { readPidFile } from './process-id.ts';
import { engineAnswers } from './probes.ts';
import { routedBlocks } from './routes.ts';
import type { Settings } from './config.ts';

/** Whose engine runs the apps: one that is given or already answers, or our own with this pool of addresses. */
export type EngineChoice =
  | { readonly kind: 'given'; readonly address: string; readonly setting: string }
  | { readonly kind: 'own'; readonly pool: string };

const SYSTEMD_WAIT_MS = 30_000;

/** True where systemd is in charge of services. */
export function systemdRuns(): Promise<boolean> {
  return exists('/run/systemd/system');
}

/** An engine that answers is used; else systemd's is started; else we run our own. */
export async function chooseEngine(
  home: Home,
  settings: Settings,
  signal: AbortSignal,
): Promise<EngineChoice> {
  if (settings.DOCKER_HOST !== undefined)
    return { kind: 'given', address: settings.DOCKER_HOST, setting: 'DOCKER_HOST' };
  const machines: EngineChoice = {
    kind: 'given',
    address: `unix://${APPS_SOCKET}`,
    setting: 'the machine (see DOCKER_HOST)',
  };
  // Ours may be running, or be dead this moment and about to be started again: it must not be taken for the machine's.
  if ((await readPidFile(pidFileOf(home, 'engine'))) === undefined) {
    if (await answers(signal)) return machines;
    if ((await systemdRuns()) && (await startedBySystemd(signal))) return machines;
  }
  const pool = choosePool(
    await routedBlocks((device) => device.startsWith('docker') || device.startsWith('br-'), signal),
  );
  if (pool === undefined) throw setupErrors.of('no_free_network', {});
  return { kind: 'own', pool };
}

async function answers(signal: AbortSignal): Promise<boolean> {
  try {
    await withDeadline(3_000, signal, (inner) => engineAnswers(`unix://${APPS_SOCKET}`, inner));
    return true;
  } catch {
    signal.throwIfAborted();
    return false; // why it does not answer is the concern of whoever runs it
  }
}

async function startedBySystemd(signal: AbortSignal): Promise<boolean> {
  const started = await run('systemctl', ['start', 'docker.service'], { env: bareEnvironment() }, signal);
  const until = Date.now() + (started.code === 0 ? SYSTEMD_WAIT_MS : 0);
  while (Date.now() < until) {
    if (await answers(signal)) return true;
    await pause(200, signal);
  }
  return false;
}
