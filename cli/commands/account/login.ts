import { hostname } from 'node:os';
import { createClient } from '../../../server/contract/client.ts';
import { addAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { ApiError } from '../../../server/contract/transport.ts';
import { loginByBrowser } from '../../browser-login.ts';
import type { Context, Run } from '../../command.ts';
import { TOKEN } from '../../config.ts';
import { storeCredentials } from '../../credentials.ts';
import { createAsk } from '../../ask.ts';
import { CommandError, UsageError } from '../../failures.ts';
import { wholeNumber } from '../../number.ts';
import { serverUrl } from '../../server-url.ts';
import { VERSION } from '../../version.ts';

/** The Platform API's own length of a login. */
const THIRTY_DAYS_S = 30 * 86_400;
/** Ten years; a server may allow less, and says so. */
const LONGEST_S = 3_650 * 86_400;

export const run: Run = async (context) => {
  const { terminal, config, options, result, signal } = context;
  const url = serverUrl(options.text('url'), config);
  const token = await newToken(context, url);
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

/** Where somebody sits, the browser is the way; a program gives a token. */
function newToken(context: Context, url: string): Promise<string> {
  const { options, terminal } = context;
  if (options.flag('interactive')) return byPassword(context, url);
  if (options.text('expiresIn') !== undefined)
    throw new UsageError('How long a login lasts can be said with --interactive only.');
  if (options.flag('browser') || (terminal.interactive && !options.flag('token')))
    return loginByBrowser(context, url);
  return givenToken(context, url);
}

async function givenToken({ terminal, signal }: Context, url: string): Promise<string> {
  const given = await terminal.secret(`Token for ${url}: `, signal);
  if (given === '') throw new UsageError('No token was given; type it, or pass it on standard input.');
  if (!TOKEN.pattern.test(given)) throw new UsageError(`What was given ${TOKEN.rule}.`);
  return given;
}

async function byPassword({ terminal, config, options, signal }: Context, url: string): Promise<string> {
  const wanted = options.text('expiresIn');
  const seconds =
    wanted === undefined ? THIRTY_DAYS_S : wholeNumber('--expires-in', wanted, { max: LONGEST_S });
  const email = (await terminal.question('Email: ', signal)) ?? (await terminal.secret('Email: ', signal));
  const password = await terminal.secret('Password: ', signal);
  if (email === '' || password === '')
    throw new UsageError('Email and password are needed; nothing was sent.');
  const authorization = `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`;
  const ask = async (second: Readonly<Record<string, string>>): Promise<string> => {
    const headers = { authorization, ...second };
    const caller = { userAgent: `gantry/${VERSION}`, ask: createAsk(config) };
    const client = createClient({ url, token: 'none', headers, ...caller });
    const body = { description: `Gantry CLI login from ${hostname()}`, expires_in: seconds };
    return (await client.call(addAuthorization, { body }, signal)).access_token.token;
  };
  try {
    return await ask({});
  } catch (err) {
    if (!(err instanceof ApiError && err.id === 'two_factor')) throw err;
    const code = await terminal.secret('Code of the second factor: ', signal);
    return ask({ 'heroku-two-factor-code': code });
  }
}
