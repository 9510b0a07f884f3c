import { hostname } from 'node:os';
import * as z from 'zod';
import { createClient } from '../server/contract/client.ts';
import { beginLogin } from '../server/contract/endpoints/login.ts';
import { streamText } from '../server/contract/transport.ts';
import { createAsk } from './ask.ts';
import type { Context } from './command.ts';
import { during } from './during.ts';
import { CommandError } from './failures.ts';
import { VERSION } from './version.ts';

const answered = z.object({ access_token: z.string().optional(), error: z.string().optional() });

/** Logs in by the browser: opens the page or says where it is, and waits until somebody has decided there. */
export async function loginByBrowser(
  { terminal, config, launch, signal }: Pick<Context, 'terminal' | 'config' | 'launch' | 'signal'>,
  url: string,
): Promise<string> {
  const server = { url, token: 'none', ask: createAsk(config), userAgent: `gantry/${VERSION}` };
  const body = { description: `Gantry CLI login from ${hostname()}`.slice(0, 200) };
  const begun = await createClient(server).call(beginLogin, { body }, signal);
  const page = new URL(begun.browser_url, url).href;
  const opened = config.browser !== undefined && (await launch(config.browser, page));
  terminal.note(
    opened ? 'Log in on the page that opens in your browser, or on:' : 'Log in with a browser on:',
  );
  terminal.note(`  ${page}`);
  terminal.note(`The page shows the code ${begun.code}; approve it nowhere else.`);

  const headers = { authorization: `Bearer ${begun.token}` };
  const text = await during(terminal, 'Waiting for the login', async () => {
    let said = '';
    const pieces = streamText(server, new URL(begun.cli_url, url).href, headers, signal);
    for await (const piece of pieces) said += piece;
    return said;
  });
  const { access_token: token, error } = answered.parse(JSON.parse(text));
  if (token === undefined) throw new CommandError(error ?? 'The server gave no token; try again.');
  return token;
}
