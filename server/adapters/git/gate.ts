import { spawn } from 'node:child_process';
import { withDeadline } from '../../../lib/deadline.ts';
import { gitEnvironment, gitSettings } from '../../../lib/hermetic-git.ts';
import { PlatformError } from '../../domain/errors.ts';
import { gitBytes } from './git.ts';
import type { SourceLimits } from '../../../lib/source-limits.ts';
import { escapeOf } from '../../../lib/source-links.ts';
import { createTreeCheck, parseTreeEntry, quoted } from '../../../lib/source-check.ts';

/** A commit in a repository, perhaps still in quarantine. */
export interface PushedCommit {
  readonly repository: string;
  readonly commit: string;
  /** Git's folder of new objects; the repository's own when there are none. */
  readonly objects: string;
}

/** Time for the whole look at a tree; a source within the limits takes a tenth of it on a slow machine. */
const LOOK_MS = 30_000;
/** A record without an end is not a path git could have made. */
const LONGEST_RECORD = 1024 * 1024;

/**
 * Throws `source_refused` unless the commit's tree is one the platform will unpack: bounded in entries, bytes and
 * depth, and without a link that leads out of it. Stops reading at the first reason.
 */
export async function checkSource(
  pushed: PushedCommit,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<void> {
  await withDeadline(LOOK_MS, signal, async (inner) => {
    const links = await walk(pushed, limits, inner);
    const targets = await readLinks(pushed, links, inner);
    for (const path of targets.keys()) {
      const reason = escapeOf(path, targets);
      if (reason !== undefined) refuse(`${quoted(path)} ${reason}`);
    }
  });
}

function refuse(reason: string): never {
  throw PlatformError.of('source_refused', { reason });
}

/** Reads new objects where they lie in quarantine, and the older ones behind them. */
export function quarantineEnvironment(
  pushed: Pick<PushedCommit, 'repository' | 'objects'>,
): Record<string, string> {
  return gitEnvironment({
    GIT_DIR: pushed.repository,
    GIT_OBJECT_DIRECTORY: pushed.objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: `${pushed.repository}/objects`,
  });
}

/** Lists the tree with an early end; answers its links by path. */
async function walk(
  pushed: PushedCommit,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const check = createTreeCheck(limits);
  const args = [
    ...gitSettings(pushed.repository, []),
    'ls-tree',
    '-r',
    '-t',
    '-l',
    '-z',
    '--full-tree',
    pushed.commit,
  ];
  const child = spawn('git', args, {
    env: quarantineEnvironment(pushed),
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => undefined); // awaited below, unless the walk has ended it
  try {
    let rest = '';
    // As single bytes: a multi-byte character may lie across two chunks, and sizes are counted in bytes.
    for await (const chunk of child.stdout.setEncoding('latin1')) {
      const records = (rest + (chunk as string)).split('\0');
      rest = records.pop() ?? '';
      if (rest.length > LONGEST_RECORD) refuse('it has a path without an end');
      for (const record of records) {
        const entry = parseTreeEntry(record);
        if (!entry) throw new Error('git ls-tree wrote something else than a tree entry');
        const path = Buffer.from(entry.path, 'latin1').toString('utf8');
        const reason = check.add({ ...entry, path });
        if (reason !== undefined) refuse(reason);
      }
    }
    const code = await ended;
    if (code !== 0) throw new Error(`git ls-tree of a pushed commit ended with ${code ?? 'a signal'}`);
    return check.links;
  } finally {
    child.kill('SIGKILL');
  }
}

/** The targets of links, by path. */
async function readLinks(
  pushed: PushedCommit,
  links: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (links.size === 0) return new Map();
  const ids = [...new Set(links.values())];
  const answer = await gitBytes(
    [...gitSettings(pushed.repository, []), 'cat-file', '--batch'],
    { env: quarantineEnvironment(pushed), input: ids.map((id) => `${id}\n`).join('') },
    signal,
  );
  const contents = new Map<string, string>();
  for (let at = 0; at < answer.length;) {
    const end = answer.indexOf('\n', at);
    const [id = '', , size = ''] = answer.toString('utf8', at, end).split(' ');
    const from = end + 1;
    contents.set(id, answer.toString('utf8', from, from + Number(size)));
    at = from + Number(size) + 1;
  }
  return new Map([...links].map(([path, id]) => [path, contents.get(id) ?? '/']));
}
