import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isSystemError } from '../../../lib/errors.ts';
import { bounded, type KeptLog } from '../../domain/kept-log.ts';
import type { LogArchive } from '../../ports/log-archive.ts';

/** An unfinished file is left alone this long: it may be another server's that is about to be replaced by us. */
const UNFINISHED_MS = 10 * 60_000;

const identifier = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
const head = z.object({ type: z.string(), number: z.int(), release: z.int() });
const line = z.tuple([
  z
    .string()
    .regex(/^\d{1,20}$/)
    .transform(BigInt),
  z.enum(['app', 'gantry']),
  z.string(),
]);

/**
 * One directory per app, one file per instance: JSON, a head and a line each for what was printed. Only the platform's
 * owner can read them.
 *
 * A file is written beside its place and moved there, so it is never half there, and no file has to be read to add
 * another: two servers at once, as in a takeover, lose nothing. It is not forced to the disk; of a file that a power
 * cut has damaged nothing is read, and it goes when the next log is kept.
 */
export function createLogArchive({ root }: { readonly root: string }): LogArchive {
  const turns = createTurns();
  const directoryOf = (appId: string): string => join(root, identifier.parse(appId));

  /** Every finished file, with undefined for one that cannot be understood. */
  async function look(directory: string, signal: AbortSignal): Promise<Map<string, KeptLog | undefined>> {
    const files = new Map<string, KeptLog | undefined>();
    for (const name of await namesIn(directory)) {
      if (isUnfinished(name)) continue;
      const text = await readFile(join(directory, name), { encoding: 'utf8', signal }).catch(orMissing);
      if (text !== undefined) files.set(name, parse(name, text));
    }
    return files;
  }

  /** Removes what has no room any more. Of what it has not looked at it touches nothing: another server may just have written it. */
  async function trim(directory: string, signal: AbortSignal): Promise<void> {
    const files = await look(directory, signal);
    const stays = new Map(bounded(understood(files)).map((log) => [log.instanceId, log]));
    for (const [name, log] of files) {
      const left = stays.get(name);
      if (left === undefined) await rm(join(directory, name), { force: true });
      else if (left.lines.length < (log?.lines.length ?? 0)) await write(directory, left, signal);
    }
    for (const name of await namesIn(directory))
      if (isUnfinished(name) && (await isOld(join(directory, name))))
        await rm(join(directory, name), { force: true });
  }

  return {
    keep: (appId, log, signal) =>
      turns.take(appId, async () => {
        signal.throwIfAborted();
        const directory = directoryOf(appId);
        await mkdir(directory, { recursive: true, mode: 0o700 });
        for (const one of bounded([log])) await write(directory, one, signal);
        await trim(directory, signal);
      }),
    read: async (appId, signal) => bounded(understood(await look(directoryOf(appId), signal))),
    forget: (appId) =>
      turns.take(appId, () => rm(directoryOf(appId), { recursive: true, force: true, maxRetries: 3 })),
  };
}

async function write(directory: string, log: KeptLog, signal: AbortSignal): Promise<void> {
  const name = identifier.parse(log.instanceId);
  const unfinished = join(directory, `${name}.${process.pid}`);
  const { type, number, release } = log;
  const text = [
    { type, number, release },
    ...log.lines.map((one) => [String(one.stamp), one.source, one.text]),
  ]
    .map((value) => `${JSON.stringify(value)}\n`)
    .join('');
  await writeFile(unfinished, text, { mode: 0o600, signal });
  signal.throwIfAborted();
  await rename(unfinished, join(directory, name));
}

/** Undefined for a file that is not as we write them. */
function parse(instanceId: string, text: string): KeptLog | undefined {
  try {
    const [first, ...rest] = text.trimEnd().split('\n');
    const lines = rest.map((row) => line.parse(JSON.parse(row)));
    return {
      instanceId,
      ...head.parse(JSON.parse(first ?? '')),
      lines: lines.map(([stamp, source, words]) => ({ stamp, source, text: words })),
    };
  } catch (err) {
    if (err instanceof SyntaxError || err instanceof z.ZodError) return undefined;
    throw err;
  }
}

function understood(files: ReadonlyMap<string, KeptLog | undefined>): KeptLog[] {
  return [...files.values()].filter((log) => log !== undefined);
}

/** `<instance>.<pid>`: on its way to become `<instance>`. */
function isUnfinished(name: string): boolean {
  return name.includes('.');
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(orMissing);
  return found !== undefined && Date.now() - found.mtimeMs > UNFINISHED_MS;
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(orMissing)) ?? [];
}

function orMissing(err: unknown): undefined {
  if (!isSystemError(err, 'ENOENT')) throw err;
}

/** One after the other per app: two at once would each trim what they saw, and forgetting must come last. */
function createTurns(): { take(appId: string, work: () => Promise<void>): Promise<void> } {
  const last = new Map<string, Promise<void>>();
  return {
    take(appId, work) {
      const mine = (last.get(appId) ?? Promise.resolve()).then(work);
      const settled = mine
        .catch(() => undefined)
        .then(() => {
          if (last.get(appId) === settled) last.delete(appId);
        });
      last.set(appId, settled);
      return mine;
    },
  };
}
