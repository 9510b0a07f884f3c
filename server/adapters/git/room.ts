import { basename, join } from 'node:path';
import { run } from '../../../lib/child.ts';
import { DeadlineError, withDeadline } from '../../../lib/deadline.ts';
import { gitSettings } from '../../../lib/hermetic-git.ts';
import { PlatformError } from '../../domain/errors.ts';
import { quarantineEnvironment } from './gate.ts';
import { bytesIn } from './measure.ts';

/** A push that is not accepted yet. */
export interface IncomingPush {
  readonly repository: string;
  /** Git's folder of new objects; the repository's own when there are none. */
  readonly objects: string;
  /** Where its refs are to lead; null: nowhere any more. */
  readonly moves: readonly { readonly ref: string; readonly to: string | null }[];
}

const LOOK_MS = 30_000;
const MEMORY_BYTES = 1024 ** 3;

/**
 * Throws `push_refused` when the repository would hold more than `limit` after a push. What failed pushes have left counts for
 * nothing, since it goes by itself; but of that too there may be no more than the limit once more.
 */
export async function checkRoom(push: IncomingPush, limit: number, signal: AbortSignal): Promise<void> {
  const { repository, objects } = push;
  const there = await bytesIn(join(repository, 'objects'), signal);
  const all = there + (basename(objects) === 'objects' ? 0 : await bytesIn(objects, signal));
  if (all <= limit) return;
  const held = await heldAfter(push, signal);
  if (held > limit) {
    const how = held === Infinity ? 'more than can be counted' : size(held);
    throw refused(
      `its repository would hold ${how}, and may hold ${size(limit)}; take what is large out of the history of the branch and of its tags, then push again with --force`,
    );
  }
  if (all > 2 * limit)
    throw refused(
      `its repository takes ${size(there)} with what failed pushes have left, which goes within half an hour; push again then`,
    );
}

function refused(reason: string): Error {
  return PlatformError.of('push_refused', { reason });
}

/** Bytes of all that the refs would lead to; Infinity when that cannot be counted within the limits of a process. */
async function heldAfter({ repository, objects, moves }: IncomingPush, signal: AbortSignal): Promise<number> {
  const ids = moves.flatMap(({ to }) => to ?? []);
  // HEAD is one of the branches; builds under way keep what they need for as long as they take.
  const without = ['HEAD', 'refs/gantry/*', ...moves.map(({ ref }) => ref)].map((ref) => `--exclude=${ref}`);
  const command = [
    ...[`--data=${MEMORY_BYTES}`, `--cpu=${LOOK_MS / 1000}`, 'git', ...gitSettings(repository, [])],
    ...['rev-list', '--objects', '--disk-usage', ...ids, ...without, '--all'],
  ];
  try {
    return await withDeadline(LOOK_MS, signal, async (inner) => {
      const env = quarantineEnvironment({ repository, objects });
      const done = await run('prlimit', command, { env, cwd: '/' }, inner);
      const bytes = Number(done.stdout.trim());
      return done.code === 0 && Number.isSafeInteger(bytes) ? bytes : Infinity;
    });
  } catch (err) {
    if (err instanceof DeadlineError) return Infinity;
    throw err;
  }
}

function size(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${Math.ceil(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
