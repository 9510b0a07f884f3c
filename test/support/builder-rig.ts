import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import {
  buildEvent,
  builderStatus,
  type BuildEvent,
  type BuildRequest,
  type BuiltImage,
} from '../../builder/contract.ts';
import { pause } from '../../lib/deadline.ts';
import { callJson, callLines } from '../../lib/local-http.ts';
import { builtProgram } from './built.ts';
import { startBuildEngine, type BuildEngine } from './build-engine.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

/** One file of a source, or one entry as hostile as the test wants it. */
export interface SourceEntry {
  readonly name: string;
  readonly content?: string;
  readonly executable?: boolean;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device';
  readonly linkname?: string;
  readonly mode?: number;
}

export interface Outcome {
  readonly events: readonly BuildEvent[];
  /** The transcript. */
  readonly lines: readonly string[];
  readonly image: BuiltImage | null;
  readonly failure: Extract<BuildEvent, { kind: 'failed' }> | null;
  readonly ms: number;
}

/** The builder's own program with a real build engine and a real registry that asks for tokens. */
export interface BuilderRig extends AsyncDisposable {
  readonly socket: string;
  readonly engine: BuildEngine;
  readonly registry: TestRegistry;
  /** Speaks with the build engine. */
  readonly docker: Docker;
  /** Writes the tar of a source and answers its path. */
  archive(entries: readonly SourceEntry[]): Promise<string>;
  request(archive: string, more?: Partial<BuildRequest>): BuildRequest;
  build(request: BuildRequest, signal: AbortSignal): Promise<Outcome>;
  /** Ends the builder so and starts another. */
  restart(how: NodeJS.Signals): Promise<void>;
}

/** Parts of the stack image are kept here between runs: they take a minute to make. */
const STACK_REPOSITORY = 'gantry/stack';
const STACK_CACHE = '/var/cache/gantry/stack';

/** Starts everything, with these settings of the builder besides, and makes the stack image. Disposal ends and removes it all. */
export async function startBuilderRig(
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
): Promise<BuilderRig> {
  const home = join(tmpdir(), `gantry-rig-${randomBytes(4).toString('hex')}`);
  await mkdir(join(home, 'run'), { recursive: true });
  const registry = await startRegistry();
  const engine = await startBuildEngine({ home: join(home, 'engine'), registryPort: registry.port }, signal);
  const settings = {
    ...process.env,
    GANTRY_HOME: home,
    GANTRY_BUILD_DOCKER_HOST: engine.dockerHost,
    GANTRY_REGISTRY: registry.address,
    GANTRY_BUILD_REGISTRY: `${engine.hostAddress}:${registry.port}`,
    GANTRY_REGISTRY_CONFIG: registry.config,
    GANTRY_STACK_CACHE: STACK_CACHE,
    ...env,
  };
  let builder = await startBuilder(home, settings);
  const socket = join(home, 'run', 'builder.sock');
  const docker = new Docker({ socketPath: engine.dockerHost.replace('unix://', '') });
  const rig: BuilderRig = {
    socket,
    engine,
    registry,
    docker,
    async archive(entries) {
      const path = join(home, `${randomBytes(6).toString('hex')}.tar`);
      await writeFile(path, await tarOf(entries));
      return path;
    },
    request(archive, more = {}) {
      const id = `t-${randomBytes(4).toString('hex')}`;
      const repository = `apps/${id}`;
      return {
        id,
        cacheKey: id,
        archive,
        env: {},
        buildpack: null,
        sourceVersion: 'abcdef1234567890',
        target: {
          repository,
          token: registry.tokens.pushToken(repository),
        },
        limits: { seconds: 170, outputBytes: 1_000_000, outputLines: 10_000 },
        ...more,
      };
    },
    async restart(how) {
      await builder.end(how);
      builder = await startBuilder(home, settings);
      await ready(socket, signal);
    },
    build: (request, inner) => collect(socket, { method: 'POST', path: '/builds', body: request }, inner),
    async [Symbol.asyncDispose]() {
      await builder.end('SIGTERM');
      await engine[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
  try {
    await ready(socket, signal);
    const target = {
      repository: STACK_REPOSITORY,
      token: registry.tokens.stackToken(),
    };
    const made = await collect(socket, { method: 'PUT', path: '/stack', body: { target } }, signal);
    if (made.failure !== null) throw new Error(made.failure.message);
  } catch (err) {
    const said = await readFile(join(home, 'builder.log'), 'utf8');
    await rig[Symbol.asyncDispose]();
    throw new Error(`the builder did not start: ${said.slice(-2000)}`, { cause: err });
  }
  return rig;
}

async function startBuilder(home: string, env: NodeJS.ProcessEnv) {
  const root = join(import.meta.dirname, '../..');
  const log = await open(join(home, 'builder.log'), 'a');
  const child = spawn(process.execPath, [await builtProgram('builder/main.ts')], {
    cwd: root,
    stdio: ['ignore', log.fd, log.fd],
    env,
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await log.close();
  return {
    async end(how: NodeJS.Signals) {
      child.kill(how);
      await gone;
    },
  };
}

/** The entries of one of the sample apps. */
export async function sampleApp(name: string): Promise<SourceEntry[]> {
  const folder = join(import.meta.dirname, '../fixtures/apps', name);
  const names = await readdir(folder);
  return Promise.all(
    names
      .toSorted()
      .map(async (file) => ({ name: file, content: await readFile(join(folder, file), 'utf8') })),
  );
}

async function ready(socket: string, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      if (
        builderStatus.parse(await callJson({ socket, method: 'GET', path: '/status' }, 3000, signal)).engine
      )
        return;
    } catch {
      await pause(100, signal); // not listening yet
    }
  }
  throw new Error('the builder did not answer within 20 s');
}

async function collect(
  socket: string,
  call: { method: 'POST' | 'PUT'; path: string; body?: unknown },
  signal: AbortSignal,
): Promise<Outcome> {
  const start = performance.now();
  const events: BuildEvent[] = [];
  for await (const line of callLines({ socket, ...call }, signal)) events.push(buildEvent.parse(line));
  const last = events.at(-1);
  return {
    events,
    lines: events.flatMap((event) => (event.kind === 'line' ? [event.text] : [])),
    image: last?.kind === 'built' ? last.image : null,
    failure: last?.kind === 'failed' ? last : null,
    ms: Math.round(performance.now() - start),
  };
}

async function tarOf(entries: readonly SourceEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content = '', type = 'file', linkname, mode, executable } of entries) {
    const header = {
      name,
      type,
      mode: mode ?? (executable === true ? 0o755 : 0o644),
      mtime: new Date(1_700_000_000_000),
      ...(linkname !== undefined && { linkname }),
    };
    if (type === 'file') tar.entry(header, content);
    else tar.entry(header);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
