import { PlatformError } from '../domain/errors.ts';

/** What a right that is gone looks like. */
const REFUSALS = ['unauthorized', 'not_found', 'forbidden', 'scope_too_small'] as const;

/** Whether this says that somebody may not, rather than that it cannot be known just now. */
export function isRefusal(err: unknown): boolean {
  return REFUSALS.some((id) => PlatformError.is(err, id));
}
