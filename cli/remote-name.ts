import { UsageError } from './failures.ts';

/** The name of the git remote that deploys, unless another is given. */
export const REMOTE = 'gantry';

/** Checked, because it becomes part of a key in git's configuration. */
export function remoteName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(name)) return name;
  throw new UsageError(`${name} cannot be the name of a git remote.`);
}
