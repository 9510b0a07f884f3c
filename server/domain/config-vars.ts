import { z } from 'zod';

/** Set by the platform in every instance; a user's value would never be seen. */
const OURS = new Set(['PORT', 'DYNO']);

/** All values of an app together may be this long (Heroku's limit). */
export const CONFIG_MAX_BYTES = 64 * 1024;

export const configKey = z
  .string()
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and underscores, and not start with a digit')
  .refine((key) => !OURS.has(key), 'is set by the platform and cannot be changed')
  .refine((key) => key !== '__proto__', 'is not a usable name');

// eslint-disable-next-line no-control-regex -- the operating system ends an environment string at NUL, so a value cannot hold it
export const configValue = z.string().regex(/^[^\u0000]*$/, 'cannot hold a NUL character');

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
