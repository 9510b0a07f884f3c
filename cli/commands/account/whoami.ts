import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const account = await (await client()).account(signal);
  result(account, () => terminal.print(account.email));
};
