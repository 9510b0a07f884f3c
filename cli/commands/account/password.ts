import { changePassword } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';
import { newPassword } from '../../new-password.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, signal } = context;
  const api = await client();
  const old = await terminal.secret('Old password (none yet: just Enter): ', signal);
  const fresh = await newPassword(context);
  const body = { ...(old !== '' && { old_password: old }), new_password: fresh };
  const account = await api.call(changePassword, { body }, signal);
  terminal.note(`The password of ${account.email} is changed; every other login of yours has ended.`);
  result(account, () => undefined);
};
