import { showAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { authorizationRows } from '../../authorization.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context, [authorization = '']) => {
  const { terminal, client, result, signal } = context;
  const token = await (await client()).call(showAuthorization, { params: { authorization } }, signal);
  const rows = await authorizationRows(context, token);
  result(token, () => printTable(terminal, rows));
};
