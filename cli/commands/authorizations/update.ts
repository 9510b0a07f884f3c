import { changeAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { authorizationRows } from '../../authorization.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context, [authorization = '']) => {
  const { terminal, client, options, result, signal } = context;
  const description = options.text('description');
  if (description === undefined) throw new UsageError('What is it for? Say it with --description.');
  const input = { params: { authorization }, body: { description } };
  const token = await (await client()).call(changeAuthorization, input, signal);
  const rows = await authorizationRows(context, token);
  result(token, () => printTable(terminal, rows));
};
