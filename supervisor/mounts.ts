import { realpath } from 'node:fs/promises';

/**
 * Where something is mounted below these directories, the last mounted first, from the text of /proc/self/mountinfo. That
 * has no links in it, so a directory is looked for by its real path, wherever on the way to it a link stands.
 */
export async function mountsBelow(roots: readonly string[], mountinfo: string): Promise<string[]> {
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => root))); // one that is gone has none
  return mountinfo
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((point) => real.some((root) => point.startsWith(`${root}/`)))
    .reverse();
}
