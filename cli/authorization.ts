import type { AuthorizationResource } from '../server/contract/identity-resources.ts';
import type { Context } from './command.ts';
import { UsageError } from './failures.ts';
import { when } from './time.ts';

const DEPLOY = 'deploy:';

/** How the scopes of these tokens are told: an app, which a scope keeps by its id because names change, by its name. */
export async function scopeTeller(
  { client, signal }: Context,
  tokens: readonly AuthorizationResource[],
): Promise<(token: AuthorizationResource) => string> {
  const named = tokens.some(({ scope }) => scope.some((one) => one.startsWith(DEPLOY)));
  // A courtesy only: a new secret, which is shown this once, must not be lost over it.
  const apps = named ? await (await client()).apps(signal).catch(() => []) : [];
  const names = new Map(apps.map(({ id, name }) => [`${DEPLOY}${id}`, `${DEPLOY}${name}`]));
  return ({ scope }) => scope.map((one) => names.get(one) ?? one).join(', ');
}

/** Everything about a token, one field a line. */
export async function authorizationRows(context: Context, token: AuthorizationResource): Promise<string[][]> {
  const now = context.now();
  const scope = await scopeTeller(context, [token]);
  return [
    ['ID', token.id],
    ['Description', token.description],
    ['Scope', scope(token)],
    ['From', token.addresses.length === 0 ? 'anywhere' : token.addresses.join(', ')],
    ['Token', token.access_token.token],
    ['Made', when(token.created_at, now)],
    ['Used', token.last_used_at === null ? 'never' : when(token.last_used_at, now)],
    ['Ends', token.expires_at ?? 'never'],
  ];
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
