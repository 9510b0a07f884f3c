import { join } from 'node:path';
import { APPS_SOCKET, bareEnvironment, type Context } from '../context.ts';
import { directory, forget, writeAtomically } from '../home.ts';
import type { Part } from '../part.ts';
import { endProcess, findProcesses } from '../process-id.ts';
import { engineAnswers } from '../probes.ts';
import { STOPS, markOf } from '../stopping.ts';

const LOGS = { 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m', 'max-file': '2' } };

/** The configuration of our own engine for apps. */
export function engineConfig(places: { data: string; state: string; pidFile: string; pool: string }): string {
  return JSON.stringify(
    {
      'data-root': places.data,
      'exec-root': places.state,
      pidfile: places.pidFile,
      hosts: [`unix://${APPS_SOCKET}`],
      'live-restore': true, // apps go on while the engine is away
      'userland-proxy': false,
      icc: false,
      'default-address-pools': [{ base: places.pool, size: 24 }],
      ...LOGS,
    },
    null,
    2,
  );
}

/** Our own engine for apps, where the machine has none. */
export function enginePart({ home, addresses }: Context, pool: string): Part {
  const state = join(home.volatile, 'engine');
  const pidFile = join(home.volatile, 'engine-docker.pid');
  const file = join(home.root, 'engine.json');
  return {
    name: 'engine',
    title: 'engine for apps',
    needs: [],
    command: 'dockerd',
    args: ['--config-file', file],
    env: { ...bareEnvironment(), ...markOf(home, 'engine') },
    async prepare(attempt, inner) {
      await directory(home.volatile, 0o711);
      await writeAtomically(
        file,
        engineConfig({ data: join(home.root, 'engine'), state, pidFile, pool }),
        0o644,
      );
      await clearLeftovers({ state, pidFile, containerd: attempt > 0 ? 'end' : 'keep' }, inner);
    },
    probe: (inner) => engineAnswers(addresses.engine, inner),
    stop: STOPS.engine,
    readyMs: 60_000,
    whenHung: 'restart',
    version: '1',
  };
}

/**
 * What an engine that was killed leaves behind: its pid file, and a containerd that the next engine mostly takes
 * over and sometimes waits for in vain. Containers outlive both. Idempotent.
 */
export async function clearLeftovers(
  left: { readonly state: string; readonly pidFile: string; readonly containerd: 'end' | 'keep' },
  signal: AbortSignal,
): Promise<void> {
  await forget(left.pidFile);
  if (left.containerd === 'keep') return;
  const config = join(left.state, 'containerd', 'containerd.toml');
  const found = await findProcesses(
    ({ argv }) => (argv[0] ?? '').endsWith('containerd') && argv.includes(config),
  );
  for (const id of found) await endProcess(id, { signal: 'SIGTERM', graceMs: 5_000 }, signal);
  await forget(join(left.state, 'containerd', 'containerd.pid'));
}
