import { z } from 'zod';
import { isText } from '../../lib/unicode.ts';

/** Set by the platform in the instances of every app; a user's value would never be seen. */
const OURS = new Set(['PORT', 'DYNO', 'GANTRY_APP_NAME', 'GANTRY_RELEASE_VERSION']);

/** All values of an app together may be this long (Heroku's limit). */
export const CONFIG_MAX_BYTES = 64 * 1024;

export const configKey = z
  .string()
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and underscores, and not start with a digit')
  .refine((key) => key !== '__proto__', 'is not a usable name');

export const configValue = z
  .string()
  // eslint-disable-next-line no-control-regex -- the operating system ends an environment string at NUL, so a value cannot hold it
  .regex(/^[^\u0000]*$/, 'cannot hold a NUL character')
  .refine((value) => isText(value), 'must be Unicode text; it holds half a surrogate pair');

/**
 * Why a value for this config var would never be seen, as the end of a sentence about it; undefined when it would be.
 * `builder` made the image of the current release; null before the first.
 */
export function shadowed(key: string, builder: string | null): string | undefined {
  if (OURS.has(key)) return 'is set by the platform and cannot be changed';
  // gantry-start, with which everything on the stack image starts, sets it.
  if (key === 'HOME' && builder !== DOCKERFILE)
    return 'is /app in every app that a buildpack makes and cannot be changed; only an app that was deployed from a Dockerfile may set it';
  return undefined;
}

/** What the builder calls itself when there was a Dockerfile. */
const DOCKERFILE = 'dockerfile';

/** A change of config: a string sets, null removes. */
export type ConfigChange = ReadonlyMap<string, string | null>;

/** `Set A, B config vars`, as Heroku words a release that came from a change of config. */
export function describeChange(change: ConfigChange): string {
  const set = [...change].filter(([, value]) => value !== null).map(([key]) => key);
  const removed = [...change].filter(([, value]) => value === null).map(([key]) => key);
  const parts = [
    ...(set.length > 0 ? [`Set ${set.join(', ')} config vars`] : []),
    ...(removed.length > 0 ? [`Remove ${removed.join(', ')} config vars`] : []),
  ];
  return parts.join('; ');
}
