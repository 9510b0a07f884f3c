import { removeUser } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context, [user = '']) => {
  const { terminal, client, result, signal } = context;
  await confirm(context, user, `This removes the account ${user} with its keys, tokens and logins.`);
  const removed = await (await client()).call(removeUser, { params: { user } }, signal);
  terminal.note(`Removed ${removed.email}.`);
  result(removed, () => undefined);
};
