import { createClient } from '../../../server/contract/client.ts';
import { ApiError } from '../../../server/contract/transport.ts';
import type { Run } from '../../command.ts';
import { token as tokenSchema } from '../../config.ts';
import { storeCredentials } from '../../credentials.ts';
import { createAsk } from '../../ask.ts';
import { CommandError, UsageError } from '../../failures.ts';
import { VERSION } from '../../version.ts';

export const run: Run = async ({ terminal, config, options, result, signal }) => {
  const url = parseUrl(options.text('url') ?? config.apiUrl ?? config.localUrl);
  const given = await terminal.secret(`Token for ${url}: `, signal);
  if (given === '') throw new UsageError('No token was given; type it, or pass it on standard input.');
  const parsed = tokenSchema.safeParse(given);
  if (!parsed.success)
    throw new UsageError(`What was given ${parsed.error.issues[0]?.message ?? 'is no token'}.`);
  const token = parsed.data;
  // Tried before it is kept: a token that opens nothing helps nobody.
  const client = createClient({ url, token, ask: createAsk(config), userAgent: `gantry/${VERSION}` });
  const account = await client.account(signal).catch((err: unknown) => {
    if (err instanceof ApiError && err.status === 401)
      throw new CommandError(`${url} does not know this token.`, err);
    throw err;
  });
  await storeCredentials(config.credentialsFile, { url, token });
  terminal.note(`Logged in to ${url} as ${account.email}; kept in ${config.credentialsFile}.`);
  result({ url, email: account.email }, () => undefined);
};

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new UsageError(`${text} is not a URL such as https://api.example.com.`);
}
