import type { Dirent } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runOrThrow } from '../lib/child.ts';
import { isSystemError } from '../lib/errors.ts';

/** The disk of the platform's own registry. Nothing may be pushed while it is swept; pulls go on. */
export interface RegistryDisk {
  /** The names of all repositories, also of those that hold no image any more. */
  repositories(): Promise<string[]>;
  /**
   * Frees what no image needs: layers, links to them, and repositories without an image unless they are `spared`.
   * Answers how many layers went. May be killed at any moment and done again.
   */
  sweep(spared: (repository: string) => boolean, signal: AbortSignal): Promise<number>;
}

const config = z.object({ storage: z.object({ filesystem: z.object({ rootdirectory: z.string() }) }) });

/** `configFile` is the registry's own configuration; whoever owns it runs the registry, and its collector here. */
export function createRegistryDisk(configFile: string): RegistryDisk {
  const root = async (): Promise<string> => {
    const { storage } = config.parse(JSON.parse(await readFile(configFile, 'utf8')));
    return join(storage.filesystem.rootdirectory, 'docker', 'registry', 'v2');
  };
  return {
    repositories: async () => findRepositories(join(await root(), 'repositories'), ''),
    async sweep(spared, signal) {
      const places = await root();
      const repositories = join(places, 'repositories');
      if (!(await exists(repositories))) return 0; // nothing was ever pushed, which the collector takes for an error
      const { uid, gid } = await stat(configFile);
      await mkdir(join(places, 'blobs'), { recursive: true });
      const said = await collectBlobs(configFile, { uid, gid }, signal);
      for (const name of await findRepositories(repositories, '')) {
        signal.throwIfAborted();
        await tidyRepository({ folder: join(repositories, name), blobs: join(places, 'blobs') });
        if (!spared(name) && (await isEmpty(join(repositories, name))))
          await rm(join(repositories, name), { recursive: true, force: true });
      }
      return Number(/(\d{1,12}) blobs and \d+ manifests eligible/.exec(said)?.[1] ?? 0);
    },
  };
}

/**
 * The registry's own collector: marks what manifests refer to, deletes the rest. It dies with us (SIGKILL included),
 * because with us dies the hold on pushes that makes it safe.
 */
function collectBlobs(
  configFile: string,
  user: { readonly uid: number; readonly gid: number },
  signal: AbortSignal,
): Promise<string> {
  const collector = ['docker-registry', 'garbage-collect', configFile];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', OTEL_TRACES_EXPORTER: 'none' };
  return runOrThrow('setpriv', ['--pdeathsig', 'KILL', ...collector], { env, user, cwd: '/' }, signal);
}

/** A repository is a directory with `_layers`; its name may have several parts. */
async function findRepositories(folder: string, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await entriesOf(join(folder, name))) {
    if (!entry.isDirectory()) continue;
    if (entry.name === '_layers') found.push(name);
    else if (!entry.name.startsWith('_'))
      found.push(...(await findRepositories(folder, name === '' ? entry.name : `${name}/${entry.name}`)));
  }
  return found;
}

/** Takes out what the collector leaves: links to layers that are gone, and the husks of deleted images. */
async function tidyRepository({ folder, blobs }: { folder: string; blobs: string }): Promise<void> {
  const layers = join(folder, '_layers', 'sha256');
  for (const { name } of await entriesOf(layers))
    if (!(await exists(join(blobs, 'sha256', name.slice(0, 2), name, 'data'))))
      await rm(join(layers, name), { recursive: true, force: true });
  const revisions = join(folder, '_manifests', 'revisions', 'sha256');
  for (const { name } of await entriesOf(revisions))
    if (!(await exists(join(revisions, name, 'link'))))
      await rm(join(revisions, name), { recursive: true, force: true });
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await entriesOf(join(folder, '_manifests', 'revisions', 'sha256'))).length === 0;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return [];
    throw err;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
