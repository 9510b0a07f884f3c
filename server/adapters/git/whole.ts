import { run } from '../../../lib/child.ts';
import { withDeadline } from '../../../lib/deadline.ts';
import { gitSettings } from '../../../lib/hermetic-git.ts';
import { PlatformError } from '../../domain/errors.ts';
import { quarantineEnvironment } from './gate.ts';
import type { IncomingPush } from './room.ts';

const LOOK_MS = 30_000;
const MEMORY_BYTES = 1024 ** 3;

/**
 * Throws `push_refused` for commits whose parents are neither there nor pushed: those of a shallow clone. Git itself refuses
 * such a branch, but only when everybody else has agreed to the push, and what was deployed by then would be live.
 */
export async function checkWhole(push: IncomingPush, signal: AbortSignal): Promise<void> {
  const { repository, moves } = push;
  const ids = moves.flatMap(({ to }) => to ?? []);
  if (ids.length === 0) return;
  const command = [
    ...[`--data=${MEMORY_BYTES}`, `--cpu=${LOOK_MS / 1000}`, 'git', ...gitSettings(repository, [])],
    // Of the refs of builds nothing follows: what they lead to may be refused yet.
    ...['rev-list', '--count', ...ids, '--not', '--exclude=refs/gantry/*', '--all'],
  ];
  const env = quarantineEnvironment(push);
  const done = await withDeadline(LOOK_MS, signal, (inner) =>
    run('prlimit', command, { env, cwd: '/' }, inner),
  );
  if (done.code === 0) return;
  if (!done.stderr.includes('Failed to traverse parents'))
    throw new Error(`git rev-list of a push ended with ${done.code ?? 'a signal'}: ${done.stderr.trim()}`);
  throw PlatformError.of('push_refused', {
    reason:
      'it comes from a shallow clone, whose history is cut off; get the rest with git fetch --unshallow (in the checkout of a CI: fetch-depth: 0), then push again',
  });
}
