import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { quietLog } from '../../lib/log.ts';
import { createDockerEngine, type DockerEngineOptions } from '../../server/adapters/docker/engine.ts';
import { removeIsolation } from '../../server/adapters/docker/isolation.ts';
import { SMALL } from '../../server/domain/instance.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type { AppLogs, AppPlace, AppUsage, Engine, InstanceSpec } from '../../server/ports/engine.ts';
import type { RunEngine } from '../../server/ports/runs.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { createMemoryLogArchive } from './memory-log-archive.ts';
import { pushTestImage } from './test-image.ts';

/** The engine of this machine under a platform id of the test's own, with a registry of its own. */
export interface EngineRig extends AsyncDisposable {
  readonly platformId: string;
  readonly docker: Docker;
  readonly dockerHost: string;
  readonly registry: TestRegistry;
  readonly engine: Engine & AppLogs & AppUsage & RunEngine;
  /** Another platform's (or the same one's second) view of the same machine. */
  open(options?: Partial<DockerEngineOptions>): Engine & AppLogs & AppUsage & RunEngine;
  /** A new image in the registry, not on the engine; the same changes give the same image. */
  image(repository: string, changes?: readonly string[]): Promise<BuiltImage>;
  /** Prepares and starts. */
  start(spec: InstanceSpec): Promise<void>;
  pullToken(repository: string): string;
}

export async function startEngineRig(signal: AbortSignal): Promise<EngineRig> {
  const platformId = `t${randomBytes(3).toString('hex').slice(0, 5)}`;
  const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const docker = new Docker({ socketPath: new URL(dockerHost).pathname });
  const registry = await startRegistry();
  const platforms = new Set([platformId]);
  const archive = createMemoryLogArchive();
  const home = await mkdtemp(join(tmpdir(), 'gantry-engine-'));
  const open: EngineRig['open'] = (options = {}) => {
    const id = options.platformId ?? platformId;
    const imageLedger = join(home, `${id}-images`);
    const own = { dockerHost, platformId: id, registry: registry.address, imageLedger };
    platforms.add(id);
    return createDockerEngine({ ...own, archive, log: quietLog(), ...options });
  };
  const engine = open();
  const pullToken = (repository: string): string => registry.tokens.pullToken(repository);
  return {
    platformId,
    docker,
    dockerHost,
    registry,
    engine,
    open,
    pullToken,
    async image(repository, changes = []) {
      const token = registry.tokens.pushToken(repository);
      const target = { registry: registry.address, repository, token, changes };
      const digest = await pushTestImage(docker, target, signal);
      return {
        repository,
        digest,
        storedBytes: 0,
        builder: 'dockerfile',
        processes: {},
        port: null,
        checks: {},
      };
    },
    async start(spec) {
      await engine.prepare(spec.app, spec.image, pullToken(spec.image.repository), signal);
      await engine.start(spec, signal);
    },
    async [Symbol.asyncDispose]() {
      for (const id of platforms) await sweep(docker, id);
      await sweepImages(docker, registry.address);
      await registry[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

/** An app that no other test has. Networks of one platform are numbered from 0. */
export function newApp(network = 0): AppPlace {
  return { id: randomUUID(), name: `app-${randomBytes(2).toString('hex')}`, network };
}

/** A `web.1` of deployment 1, unless told otherwise. */
export function specOf(app: AppPlace, image: BuiltImage, rest: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    app,
    seq: 1,
    release: 2,
    type: 'web',
    number: 1,
    attempt: 0,
    image,
    argv: ['sleep', '1000'],
    config: new Map(),
    platformEnv: new Map([['PORT', '5000']]),
    port: 5000,
    size: SMALL,
    ...rest,
  };
}

async function sweep(docker: Docker, platformId: string): Promise<void> {
  const filters = { label: [`gantry.platform=${platformId}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  await removeIsolation(platformId, new AbortController().signal);
}

async function sweepImages(docker: Docker, registry: string): Promise<void> {
  for (const { RepoDigests, RepoTags } of await docker.listImages())
    for (const name of [...(RepoDigests ?? []), ...(RepoTags ?? [])])
      if (name.startsWith(`${registry}/`)) await docker.getImage(name).remove({ force: true });
}
