import type { Subject } from '../services/permits.ts';

/** What could be the name or id of anything: also an address or a fingerprint, never a control character. */
export const NAME = /^[\x21-\x7e]{1,300}$/;

/**
 * What a call is about, which its path says or, where the path does not, its body, however wrong the rest of that is:
 * `app`, `pipeline` and, of a promotion, `source.app`; each by name, id, or an object with either.
 */
export function subjectOf(params: Readonly<Record<string, string>>, sent: unknown): Subject {
  return {
    app: params['app'] ?? named(field(sent, 'app')) ?? named(field(field(sent, 'source'), 'app')),
    pipeline: params['pipeline'] ?? named(field(sent, 'pipeline')),
    coupling: params['coupling'],
    team: params['team'],
  };
}

function named(value: unknown): string | undefined {
  const name = typeof value === 'string' ? value : (field(value, 'id') ?? field(value, 'name'));
  return typeof name === 'string' && NAME.test(name) ? name : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
