import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuildNetwork, type BuildNetwork } from '../build-network.ts';
import { bareEnvironment, type Context } from '../context.ts';
import { directory, writeAtomically } from '../home.ts';
import type { Part } from '../part.ts';
import { engineAnswers, socketOf } from '../probes.ts';
import { clearLeftovers } from './engine.ts';
import { STOPS, markOf } from '../stopping.ts';

export interface BuildEnginePlaces {
  readonly data: string;
  readonly state: string;
  readonly pidFile: string;
  readonly address: string;
  readonly registry: string;
  /** Name servers that answer from inside the namespace; empty means those of /etc/resolv.conf do. */
  readonly dns: readonly string[];
  /** The build cache stays below this by the engine's own collection too, in gigabytes. */
  readonly cacheGb: number;
}

/** The configuration of the build engine. Its networks are in a namespace of their own and may use any range. */
export function buildEngineConfig(places: BuildEnginePlaces): string {
  return JSON.stringify(
    {
      'data-root': places.data,
      'exec-root': places.state,
      pidfile: places.pidFile,
      hosts: [places.address],
      group: 'root', // who may use it is root on this machine
      'insecure-registries': [places.registry], // plain HTTP over the link, which nobody else is on
      bip: '10.174.0.1/24', // apart from the link, the networks of apps and Docker’s usual ranges
      'userland-proxy': false,
      icc: false,
      builder: { gc: { enabled: true, defaultKeepStorage: `${Math.ceil(places.cacheGb * 1024)}MB` } },
      'log-opts': { 'max-size': '10m', 'max-file': '2' },
      ...(places.dns.length > 0 && { dns: places.dns }),
    },
    null,
    2,
  );
}

/** The engine that builds: never the one that runs apps, in a network namespace from which this machine cannot be reached. */
export async function buildEnginePart(
  { home, settings, addresses }: Context,
  network: BuildNetwork,
): Promise<Part> {
  const state = join(home.volatile, 'build-engine');
  const pidFile = join(home.volatile, 'build-engine-docker.pid');
  const file = join(home.root, 'build-engine.json');
  const config = buildEngineConfig({
    data: join(home.root, 'build-engine'),
    state,
    pidFile,
    address: addresses.buildEngine,
    registry: addresses.buildRegistry,
    dns: await outsideNameServers(),
    cacheGb: settings.GANTRY_BUILD_CACHE_GB,
  });
  const doorPort = Number(addresses.buildRegistry.split(':').at(-1));
  return {
    name: 'build-engine',
    title: 'engine for builds',
    needs: [],
    // Not `ip netns exec`: it mounts /sys anew and hides the control groups. A mount namespace of its own, so that
    // what a killed build leaves mounted goes away with the last of its processes.
    command: 'nsenter',
    args: [
      `--net=/run/netns/${network.namespace}`,
      ...['unshare', '--mount', '--propagation', 'private'],
      ...['dockerd', '--config-file', file],
    ],
    env: { ...bareEnvironment(), ...markOf(home, 'build-engine') },
    async prepare(_attempt, inner) {
      await directory(home.volatile, 0o711);
      await ensureBuildNetwork(home, network, doorPort, inner);
      await writeAtomically(file, config, 0o644);
      await clearLeftovers({ state, pidFile, containerd: 'end' }, inner); // nothing in it is worth keeping
    },
    probe: (inner) => engineAnswers(`unix://${socketOf(addresses.buildEngine)}`, inner),
    stop: STOPS['build-engine'],
    readyMs: 60_000,
    whenHung: 'restart',
    version: '1',
  };
}

/** Name servers on loopback (systemd-resolved) do not answer from another namespace; those behind them do. */
async function outsideNameServers(): Promise<string[]> {
  const first = await nameServers('/etc/resolv.conf');
  return first.some((server) => server.startsWith('127.'))
    ? nameServers('/run/systemd/resolve/resolv.conf')
    : [];
}

async function nameServers(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => ''); // a machine without it has no names to resolve
  return [...text.matchAll(/^nameserver\s+([0-9a-f.:]+)\s*$/gm)].flatMap((match) => match[1] ?? []);
}
