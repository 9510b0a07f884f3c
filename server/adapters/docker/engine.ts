import type { Logger } from '../../../lib/log.ts';
import type { BuiltImage } from '../../domain/release.ts';
import type { AppLogs, AppUsage, Engine } from '../../ports/engine.ts';
import type { LogArchive } from '../../ports/log-archive.ts';
import type { RunEngine } from '../../ports/runs.ts';
import { createDockerClient } from './client.ts';
import { createContainers } from './containers.ts';
import { watch } from './events.ts';
import { createExec } from './exec.ts';
import { createImageLedger } from './image-ledger.ts';
import { createImages } from './images.ts';
import { isolate } from './isolation.ts';
import { createKeeper } from './keeper.ts';
import { createLogs } from './logs.ts';
import { LABEL } from './names.ts';
import { createNetworks, type SubnetPool } from './networks.ts';
import { createNotes } from './notes.ts';
import { createObserver } from './observe.ts';
import { createOutput } from './output.ts';
import { createRuns } from './runs.ts';
import { createUsage } from './usage.ts';

export interface DockerEngineOptions {
  /** `unix:///…` or `tcp://host:port`. */
  readonly dockerHost: string;
  readonly platformId: string;
  /** `host:port` of the registry, as this engine reaches it. */
  readonly registry: string;
  readonly log: Logger;
  /** File that says which images on the engine are this platform's. */
  readonly imageLedger: string;
  /** Where the last lines of instances go that are removed. */
  readonly archive: LogArchive;
  /** Where app networks get their addresses. Default: 10.176.0.0/12 in parts of 62 addresses. */
  readonly subnets?: SubnetPool;
  /** How long an image that was asked for is safe from collection. Default: 10 minutes. */
  readonly freshMs?: number;
  /** What the one host is called. Default `local`. */
  readonly host?: string;
}

const SUBNETS: SubnetPool = { pool: '10.176.0.0/12', bits: 26 };
/** An image asked for this recently may belong to a deployment that nobody knew of when the list of those to keep was made. */
const FRESH_MS = 10 * 60_000;

/**
 * Plain containers on one Docker Engine (API 1.41), and what they print.
 * It touches only what bears this platform's id, and proves that before it stops or removes anything.
 */
export function createDockerEngine(options: DockerEngineOptions): Engine & AppLogs & AppUsage & RunEngine {
  const { platformId, registry, log, archive } = options;
  const client = createDockerClient(options.dockerHost);
  const observer = createObserver({ client, platformId, host: options.host ?? 'local', log });
  const containers = createContainers(client, observer, platformId);
  const networks = createNetworks(client, platformId, options.subnets ?? SUBNETS);
  const ledger = createImageLedger(options.imageLedger);
  const images = createImages({ client, registry, ledger, freshMs: options.freshMs ?? FRESH_MS, log });
  const output = createOutput(client);
  const notes = createNotes(() => new Date());
  const keeper = createKeeper({ observer, output, archive, notes, log });
  const logs = createLogs({ client, observer, output, keeper, notes, platformId });
  const { createRun, ...runs } = createRuns(client, observer, notes, platformId);
  const reference = (image: BuiltImage): string => `${registry}/${image.repository}@${image.digest}`;

  async function makeRulesTrue(signal: AbortSignal): Promise<void> {
    if (await isolate(platformId, signal))
      log.info({ platform: platformId }, 'packet rules of app networks written');
  }

  async function remove(containerId: string, signal: AbortSignal): Promise<void> {
    await keeper.keep(containerId, signal);
    await containers.remove(containerId, signal);
    notes.forget(containerId);
  }

  return {
    ...runs,
    createRun: (spec, signal) => createRun(spec, reference(spec.image), signal),
    exec: createExec(client, observer),
    find: (signal) => observer.find(signal),
    async prepare(app, image, pullToken, signal) {
      const [made] = await Promise.all([
        networks.ensure(app, signal),
        images.ensure(reference(image), pullToken, signal),
      ]);
      // The engine has just put rules for the new network in front of FORWARD.
      if (made) await makeRulesTrue(signal);
    },
    start: (spec, signal) => containers.start(spec, reference(spec.image), signal),
    stop: (instanceId, graceSeconds, signal) => containers.stop(instanceId, graceSeconds, signal),
    remove,
    tail: (instanceId, lines, signal) => logs.tail(instanceId, lines, signal),
    output: (instanceId, signal) => logs.output(instanceId, signal),
    async forget(appId, signal) {
      for (const run of await observer.findRuns(signal, appId)) await remove(run.id, signal);
      await archive.forget(appId, signal);
      await networks.remove(appId, signal);
    },
    changes: (signal) => watch(client, [`${LABEL.platform}=${platformId}`], signal),
    collectImages: (keep, signal) => images.collect(keep, signal),
    isolate: makeRulesTrue,
    read: (query, signal) => logs.read(query, signal),
    usage: createUsage(client, observer),
  };
}
