import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../lib/child.ts';
import { withDeadline } from '../lib/deadline.ts';
import { isSystemError, KnownError, messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { contextStream } from './context.ts';
import type { Engine } from './engine.ts';
import { buildErrors } from './errors.ts';
import { readStackDefinition, type StackDefinition } from './stack-definition.ts';

export interface StackDeps {
  readonly engine: Engine;
  /** `buildpacks/stack`. */
  readonly folder: string;
  /** Where the parts that take long to make are kept; may be shared by several platforms. */
  readonly cache: string;
  readonly caBundle: string | null;
  readonly log: Logger;
}

/** The image that buildpacks build on and their apps run on. */
export interface Stack extends AsyncDisposable {
  /**
   * Makes the stack unless the engine has it, and answers its reference and image id. Several callers share one
   * making; one that gives up does not stop it for the others. Throws `stack_failed`.
   */
  ensure(say: (line: string) => void, signal: AbortSignal): Promise<{ reference: string; digest: string }>;
  /** The id of the image, null when it is not made. */
  current(signal: AbortSignal): Promise<string | null>;
}

const REPOSITORY = 'gantry/stack';
const BASE = 'gantry/stack-base';
/** Packages come over the network, on slow lines too. */
const MAKING_MS = 20 * 60_000;

export function createStack(deps: StackDeps): Stack {
  const stop = new AbortController();
  const listeners = new Set<(line: string) => void>();
  let making: Promise<string> | undefined;

  const definition = (): Promise<StackDefinition> => readStackDefinition(deps.folder, deps.caBundle);
  const tell = (line: string): void => {
    for (const listener of listeners) listener(line);
  };

  async function ensure(
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<{ reference: string; digest: string }> {
    const { hash } = await definition();
    const reference = `${REPOSITORY}:${hash}`;
    const found = await deps.engine.inspect(reference, signal);
    if (found !== null) return { reference, digest: found.id };
    listeners.add(say);
    try {
      making ??= withDeadline(MAKING_MS, stop.signal, (inner) => make(deps, tell, inner)).finally(
        () => (making = undefined),
      );
      return { reference, digest: await unlessAborted(making, signal) };
    } finally {
      listeners.delete(say);
    }
  }

  return {
    ensure,
    async current(signal) {
      const { hash } = await definition();
      return (await deps.engine.inspect(`${REPOSITORY}:${hash}`, signal))?.id ?? null;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the builder is shutting down'));
      await making?.catch(() => undefined); // whoever waits for it is told
    },
  };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

async function make(deps: StackDeps, tell: (line: string) => void, signal: AbortSignal): Promise<string> {
  try {
    const definition = await readStackDefinition(deps.folder, deps.caBundle);
    tell('-----> Making the stack image (once on this machine)');
    await mkdir(deps.cache, { recursive: true });
    await removeAbandoned(deps.cache);
    const parts = await fetchParts(deps, definition, tell, signal);
    await importBase(deps, definition, tell, signal);
    tell('       Assembling');
    await assemble(deps, definition, parts, signal);
    const made = await deps.engine.inspect(`${REPOSITORY}:${definition.hash}`, signal);
    if (made === null) throw new Error('the engine does not keep the image');
    await deps.engine.tag(made.id, REPOSITORY, 'latest', signal);
    await removeOthers(deps.engine, definition, signal);
    tell(`       Done: ${REPOSITORY}:${definition.hash}`);
    return made.id;
  } catch (err) {
    if (stopping(signal)) throw signal.reason;
    deps.log.error({ err }, 'stack image could not be made');
    if (err instanceof KnownError) throw err;
    throw buildErrors.of('stack_failed', { why: messageOf(err) }, err);
  }
}

function stopping(signal: AbortSignal): boolean {
  return signal.aborted;
}

interface Parts {
  readonly node: string;
  readonly npm: string;
}

async function fetchParts(
  deps: StackDeps,
  definition: StackDefinition,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Parts> {
  const fetch = async (name: string, version: string): Promise<string> => {
    const file = join(deps.cache, `${name}-${version}.tgz`);
    if (await exists(file)) return file;
    tell(`       Fetching ${name} ${version}`);
    const folder = join(deps.cache, `.fetch-${ownMark()}`);
    await mkdir(folder);
    try {
      // The host's own npm, with the host's own settings: it knows the registry and how to reach it.
      await runOrThrow(
        'npm',
        ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`],
        { cwd: folder },
        signal,
      );
      const [made] = await readdir(folder);
      if (made === undefined) throw new Error(`npm fetched nothing for ${name}@${version}`);
      await rename(join(folder, made), file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return file;
  };
  return {
    node: await fetch(definition.nodePackage, definition.node),
    npm: await fetch('npm', definition.npm),
  };
}

async function importBase(
  deps: StackDeps,
  definition: StackDefinition,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if ((await deps.engine.inspect(`${BASE}:${definition.baseHash}`, signal)) !== null) return;
  const tar = join(deps.cache, `${definition.baseHash}.tar`);
  if (!(await exists(tar))) {
    tell(`       Installing Debian ${definition.suite} packages`);
    await bootstrap(definition, tar, signal);
  }
  tell('       Importing');
  await deps.engine.importRoot(createReadStream(tar, { signal }), BASE, definition.baseHash, signal);
}

async function bootstrap(definition: StackDefinition, tar: string, signal: AbortSignal): Promise<void> {
  const part = `${tar}.${ownMark()}.part`;
  const without = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*'];
  try {
    await runOrThrow(
      'mmdebstrap',
      [
        ...['--quiet', '--format=tar', '--variant=minbase', `--include=${definition.packages.join(',')}`],
        ...without.map((path) => `--dpkgopt=path-exclude=${path}`),
        ...['--aptopt=Acquire::Languages "none"', definition.suite, part],
      ],
      {},
      signal,
    );
    // Whole or not there: a tar that was cut by a crash never gets the name that is looked for.
    await rename(part, tar);
  } finally {
    await rm(part, { force: true });
  }
}

async function assemble(
  deps: StackDeps,
  definition: StackDefinition,
  parts: Parts,
  signal: AbortSignal,
): Promise<void> {
  const copies = new Map([
    ['Dockerfile', join(deps.folder, 'Dockerfile')],
    ['node.tgz', parts.node],
    ['npm.tgz', parts.npm],
    ...(deps.caBundle === null ? [] : [['trust/ca-certificates.crt', deps.caBundle] as const]),
  ]);
  const context = contextStream(
    {
      files: new Map(),
      directories: ['trust'],
      copies,
      folders: new Map([['files', join(deps.folder, 'files')]]),
      archive: null,
    },
    signal,
  );
  await deps.engine.build(
    {
      context,
      dockerfile: 'Dockerfile',
      tag: `${REPOSITORY}:${definition.hash}`,
      args: { BASE: `${BASE}:${definition.baseHash}` },
      secrets: new Map(),
      id: `stack-${randomBytes(6).toString('hex')}`,
    },
    () => undefined,
    signal,
  );
}

async function removeOthers(engine: Engine, definition: StackDefinition, signal: AbortSignal): Promise<void> {
  const keep = new Set([
    `${REPOSITORY}:latest`,
    `${REPOSITORY}:${definition.hash}`,
    `${BASE}:${definition.baseHash}`,
  ]);
  for (const pattern of [REPOSITORY, BASE]) {
    for (const name of await engine.names(pattern, signal))
      if (!keep.has(name)) await engine.remove(name, signal);
  }
}

/** In the names of what is half made: tells who makes it, since several platforms may share the folder. */
function ownMark(): string {
  return `${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** What makers left that were killed. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const maker = /(?:^\.fetch-|\.)(\d+)-[0-9a-f]{12}(?:\.part)?$/.exec(name)?.[1];
    if (maker !== undefined && Number(maker) !== process.pid && !isAlive(Number(maker)))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // we may signal everybody here, so it is gone
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return false;
    throw err;
  }
}
