import { posix } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import { readText } from './archive.ts';
import { buildErrors } from './errors.ts';
import { openSession } from './session.ts';
import { decodeTrace, type Trace } from './trace.ts';

/** One run of BuildKit. */
interface EngineBuild {
  /** An uncompressed tar; its `dockerfile` says what to do. */
  readonly context: Readable;
  readonly dockerfile: string;
  /** Under this name the image is kept. */
  readonly tag: string;
  readonly args: Readonly<Record<string, string>>;
  /** Mounted by `RUN --mount=type=secret,id=…`; empty when the build gets none. */
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** Names the build, so that it can be cancelled. */
  readonly id: string;
}

/** What the build needs to know of an image that was made. */
export interface ImageFacts {
  readonly id: string;
  /** Entry point and command together; empty when there is neither. */
  readonly start: readonly string[];
  /** The port it exposes, when it is exactly one of TCP. */
  readonly port: number | null;
}

/** A step of the build ended badly, in BuildKit's words. */
export class StepError extends Error {}

/** The platform's build engine. Every call throws `engine_away` when it cannot be reached. */
export interface Engine {
  ping(signal: AbortSignal): Promise<boolean>;
  /** Throws StepError when the source is at fault. A signal that aborts ends the build in the engine too. */
  build(call: EngineBuild, onTrace: (trace: Trace) => void, signal: AbortSignal): Promise<void>;
  /** Null when there is no such image. */
  inspect(name: string, signal: AbortSignal): Promise<ImageFacts | null>;
  /** Imports a root file system as a one-layer image. */
  importRoot(tar: Readable, repo: string, tag: string, signal: AbortSignal): Promise<void>;
  tag(name: string, repo: string, tag: string, signal: AbortSignal): Promise<void>;
  /** Pushes `name:tag` with a bearer token; answers the digest. Throws `push_failed`. */
  push(name: string, tag: string, token: string, signal: AbortSignal): Promise<string>;
  /** The small regular files in a folder of an image, by name; empty when there is no such folder. Nothing is started for it. */
  readFolder(image: string, path: string, signal: AbortSignal): Promise<Map<string, string>>;
  /** Removes a name, and the image with its last one. No such image is fine. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** Removes the containers in which images were looked into; those of a builder that was killed stay otherwise. */
  removeContainers(signal: AbortSignal): Promise<void>;
  /** The names of images that match a reference pattern of Docker. */
  names(pattern: string, signal: AbortSignal): Promise<string[]>;
  /** Shrinks the build cache to so many bytes, least recently used first. */
  prune(keepBytes: number, signal: AbortSignal): Promise<void>;
}

/** No answer of the engine to a small question takes longer. */
const SMALL_MS = 15_000;

/** Longer files in an image are not what we look for there. */
const MAX_FILE = 64 * 1024;

const progress = z.object({
  id: z.string().optional(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).optional(),
  aux: z.unknown().optional(),
});
type Progress = z.infer<typeof progress>;

/** Marks our containers; several platforms may build in one engine, told apart by the registry they push to. */
const OWNER = 'gantry.builder';

/** `owner` tells this builder's containers from those of others. */
export function createEngine(socketPath: string, owner: string): Engine {
  const docker = new Docker({ socketPath });
  const small = <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    reaching(signal, () => withDeadline(SMALL_MS, signal, work));

  return {
    async ping(signal) {
      try {
        await withDeadline(2000, signal, (abortSignal) => dialJson(docker, '/_ping?', 'GET', abortSignal));
        return true;
      } catch {
        return false;
      }
    },
    build: (call, onTrace, signal) => reaching(signal, () => runBuild(docker, call, onTrace, signal)),
    inspect: (name, signal) =>
      small(signal, async (abortSignal) => {
        const found = await unlessMissing(dialJson(docker, `/images/${name}/json?`, 'GET', abortSignal));
        return found === null ? null : factsOf(inspected.parse(found));
      }),
    importRoot: (tar, repo, tag, signal) =>
      reaching(signal, async () => {
        const stream = await docker.importImage(tar, { repo, tag, abortSignal: signal });
        for await (const line of lines(stream)) throwOnError(line, (why) => new Error(why));
      }),
    tag: (name, repo, tag, signal) =>
      small(signal, async (abortSignal) => {
        await docker.getImage(name).tag({ repo, tag, abortSignal });
      }),
    push: (name, tag, token, signal) => reaching(signal, () => runPush(docker, { name, tag, token }, signal)),
    readFolder: (image, path, signal) =>
      reaching(signal, () => readFromImage(docker, { image, path, owner }, signal)),
    remove: (name, signal) =>
      small(signal, async (abortSignal) => {
        await unlessMissing(dialJson(docker, `/images/${name}?force=1&`, 'DELETE', abortSignal));
      }),
    names: (pattern, signal) =>
      small(signal, async (abortSignal) => {
        const images = await docker.listImages({ filters: { reference: [pattern] }, abortSignal });
        return images.flatMap((image) => image.RepoTags ?? []);
      }),
    removeContainers: (signal) =>
      small(signal, async (abortSignal) => {
        const filters = { label: [`${OWNER}=${owner}`] };
        for (const { Id } of await docker.listContainers({ all: true, filters, abortSignal }))
          await unlessMissing(docker.getContainer(Id).remove({ force: true, abortSignal }));
      }),
    prune: (keepBytes, signal) =>
      reaching(signal, () =>
        withDeadline(600_000, signal, (abort) => prune(docker, `keep-storage=${keepBytes}&all=1`, abort)),
      ),
  };
}

async function reaching<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    if (signal.aborted) throw signal.reason;
    if (isAway(err)) throw buildErrors.of('engine_away', { why: messageOf(err) }, err);
    throw err;
  }
}

const AWAY = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ENOTSOCK',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

function isAway(err: unknown): boolean {
  if (!(err instanceof Error)) return false;
  if (err.name === 'DeadlineError') return true;
  return 'code' in err && typeof err.code === 'string' && AWAY.has(err.code);
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (err) {
    if (err instanceof Error && 'statusCode' in err && err.statusCode === 404) return null;
    throw err;
  }
}

async function* lines(stream: NodeJS.ReadableStream): AsyncGenerator<Progress> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (line.trim() !== '') yield progress.parse(JSON.parse(line));
  }
}

function throwOnError(line: Progress, make: (why: string) => Error): void {
  const why = line.errorDetail?.message ?? line.error;
  if (why !== undefined) throw make(why);
}

async function runBuild(
  docker: Docker,
  call: EngineBuild,
  onTrace: (trace: Trace) => void,
  signal: AbortSignal,
): Promise<void> {
  // A session costs a round trip; a build without secrets does without.
  const session = call.secrets.size === 0 ? null : await openSession(docker, call.secrets, signal);
  let over = false;
  try {
    const stream = await startBuild(docker, call, session?.id, signal);
    for await (const line of lines(stream)) {
      throwOnError(line, (why) => new StepError(why));
      if (line.id === 'moby.buildkit.trace' && typeof line.aux === 'string')
        onTrace(decodeTrace(Buffer.from(line.aux, 'base64')));
      if (line.id === 'moby.image.id') over = true;
    }
    if (!over) throw buildErrors.of('engine_away', { why: 'it stopped in the middle of the build' });
  } finally {
    // The engine ends a build whose caller hangs up; asked by name it does so at once, whatever the step is doing.
    if (!over && signal.aborted) await cancel(docker, call.id);
    await session?.[Symbol.asyncDispose]();
  }
}

function startBuild(
  docker: Docker,
  call: EngineBuild,
  session: string | undefined,
  signal: AbortSignal,
): Promise<Readable> {
  const query = new URLSearchParams({
    version: '2',
    buildid: call.id,
    t: call.tag,
    dockerfile: call.dockerfile,
    buildargs: JSON.stringify(call.args),
    ...(session !== undefined && { session }),
  });
  return new Promise((resolve, reject) => {
    const options = {
      path: `/build?${query.toString()}`,
      method: 'POST',
      file: call.context,
      abortSignal: signal,
      isStream: true,
      // Without options the modem takes the path as it is, but for the last character, where it expects the `?`.
      options: {},
      statusCodes: { 200: true, 400: 'bad parameter', 500: 'server error' },
    };
    docker.modem.dial({ ...options, path: `${options.path}&` }, (err: unknown, stream: unknown) => {
      if (err instanceof Error) reject(err);
      else resolve(stream as Readable); // isStream
    });
  });
}

async function cancel(docker: Docker, id: string): Promise<void> {
  const quiet = new AbortController().signal;
  await withDeadline(3000, quiet, (signal) =>
    dialJson(docker, `/build/cancel?id=${encodeURIComponent(id)}&`, 'POST', signal),
  ).catch(
    () => undefined, // over already, or the engine is away and with it the build
  );
}

function dialJson(docker: Docker, path: string, method: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = {
      path,
      method,
      options: {},
      abortSignal: signal,
      statusCodes: { 200: true, 204: true },
    };
    docker.modem.dial(options, (err: unknown, answer: unknown) =>
      err instanceof Error ? reject(err) : resolve(answer),
    );
  });
}

const pushed = z.object({ Digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });

async function runPush(
  docker: Docker,
  what: { name: string; tag: string; token: string },
  signal: AbortSignal,
): Promise<string> {
  const authconfig = { registrytoken: what.token };
  const stream = await docker.getImage(what.name).push({ tag: what.tag, authconfig, abortSignal: signal });
  let digest: string | undefined;
  for await (const line of lines(stream)) {
    throwOnError(line, (why) => buildErrors.of('push_failed', { why }));
    const found = pushed.safeParse(line.aux);
    if (found.success) digest = found.data.Digest;
  }
  if (digest === undefined) throw buildErrors.of('push_failed', { why: 'it did not name a digest' });
  return digest;
}

const inspected = z.object({
  Id: z.string(),
  Config: z.object({
    Entrypoint: z.array(z.string()).nullish(),
    Cmd: z.array(z.string()).nullish(),
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  }),
});

function factsOf({ Id, Config }: z.infer<typeof inspected>): ImageFacts {
  const ports = Object.keys(Config.ExposedPorts ?? {});
  const [, port] = ports.length === 1 ? (/^(\d+)(?:\/tcp)?$/.exec(ports[0] ?? '') ?? []) : [];
  return {
    id: Id,
    start: [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? [])],
    port: port === undefined ? null : Number(port),
  };
}

async function readFromImage(
  docker: Docker,
  { image, path, owner }: { image: string; path: string; owner: string },
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['/'],
    NetworkDisabled: true,
    Labels: { [OWNER]: owner },
    abortSignal: signal,
  });
  try {
    const stream = await unlessMissing(container.getArchive({ path, abortSignal: signal }));
    if (stream === null) return files;
    const tar = extract();
    stream.on('error', (err: Error) => tar.destroy(err));
    stream.pipe(tar);
    for await (const content of tar) {
      const { name, type } = content.header;
      // A repository cannot make us read elsewhere: a link is not followed, and a large file not kept.
      const { text, whole } = await readText(content as unknown as Readable, MAX_FILE);
      if (type === 'file' && whole) files.set(posix.basename(name), text);
      if (files.size > 10) break;
    }
    return files;
  } finally {
    await container.remove({ force: true });
  }
}

async function prune(docker: Docker, query: string, signal: AbortSignal): Promise<void> {
  await dialJson(docker, `/build/prune?${query}&`, 'POST', signal);
}
