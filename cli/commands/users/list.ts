import { listUsers } from '../../../server/contract/endpoints/people.ts';
import type { UserResource } from '../../../server/contract/identity-resources.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, result, now, signal }) => {
  const users = await (await client()).call(listUsers, {}, signal);
  result(users, () => {
    const rows = users.map((user) => [
      user.email,
      user.admin ? 'admin' : '',
      stateOf(user),
      user.last_login === null ? '' : when(user.last_login, now()),
    ]);
    printTable(terminal, rows, { whole: [0] });
  });
};

function stateOf(user: UserResource): string {
  if (user.two_factor_authentication) return 'second factor';
  if (user.has_password) return 'password';
  return user.invited_until === null ? 'tokens only' : 'invited';
}
