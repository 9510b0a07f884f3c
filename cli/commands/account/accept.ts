import { createClient } from '../../../server/contract/client.ts';
import { acceptInvitation } from '../../../server/contract/endpoints/people.ts';
import { createAsk } from '../../ask.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { newPassword } from '../../new-password.ts';
import { serverUrl } from '../../server-url.ts';
import { VERSION } from '../../version.ts';

export const run: Run = async (context) => {
  const { terminal, config, options, result, signal } = context;
  const url = serverUrl(options.text('url'), config);
  const token = await terminal.secret(`Invitation to ${url}: `, signal);
  if (token === '') throw new UsageError('No invitation was given; type it, or pass it on standard input.');
  const password = await newPassword(context);
  const ask = createAsk(config);
  const client = createClient({ url, token: 'none', ask, userAgent: `gantry/${VERSION}` });
  const user = await client.call(acceptInvitation, { body: { token, password } }, signal);
  terminal.note(`The password of ${user.email} is set. Now log in: gantry login --url ${url} --interactive`);
  result(user, () => undefined);
};
