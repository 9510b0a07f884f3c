import type { AuthorizationResource } from '../server/contract/identity-resources.ts';
import { UsageError } from './failures.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { when } from './time.ts';

/** Everything about a token, one field a line. */
export function printAuthorization(terminal: Terminal, token: AuthorizationResource, now: Date): void {
  const time = (text: string | null, none: string): string => (text === null ? none : when(text, now));
  printTable(terminal, [
    ['ID', token.id],
    ['Description', token.description],
    ['Scope', token.scope.join(', ')],
    ['Token', token.access_token.token],
    ['Made', when(token.created_at, now)],
    ['Used', time(token.last_used_at, 'never')],
    ['Ends', token.expires_at ?? 'never'],
  ]);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `3600`, `12h` or `30d`; null is `never`. */
export function parseLifetime(text: string): number | null {
  if (text === 'never') return null;
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw new UsageError(`${text} is not a time such as 3600, 12h, 30d or never.`);
}
