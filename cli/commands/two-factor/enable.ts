import { beginTwoFactor, confirmTwoFactor } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const api = await client();
  const password = await terminal.secret('Password (just Enter where you have none): ', signal);
  const body = password === '' ? {} : { password };
  const { secret, url } = await api.call(beginTwoFactor, { body }, signal);
  terminal.note('Put this key into your authenticator app:');
  terminal.note(`  ${secret}`);
  terminal.note(`  ${url}`);
  const code = await terminal.secret('The code it shows now: ', signal);
  const codes = await api.call(confirmTwoFactor, { body: { code } }, signal);
  result(codes, () => {
    terminal.note(
      'Two-factor authentication is enabled. Keep these recovery codes, shown this once; each works once:',
    );
    for (const one of codes.recovery_codes) terminal.print(one);
  });
};
