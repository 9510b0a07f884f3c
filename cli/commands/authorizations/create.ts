import { addAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { authorizationRows, parseLifetime } from '../../authorization.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context) => {
  const { terminal, client, options, result, signal } = context;
  const [description, scope, lifetime] = [
    options.text('description'),
    options.text('scope'),
    options.text('expiresIn'),
  ];
  const body = {
    ...(description !== undefined && { description }),
    ...(scope !== undefined && { scope: scope.split(',').map((one) => one.trim()) }),
    ...(lifetime !== undefined && { expires_in: parseLifetime(lifetime) }),
  };
  const token = await (await client()).call(addAuthorization, { body }, signal);
  if (options.flag('short')) {
    result(token, () => terminal.print(token.access_token.token));
    return;
  }
  const rows = await authorizationRows(context, token);
  result(token, () => {
    terminal.note('The token is shown this once; keep it where its program finds it, and nowhere else.');
    printTable(terminal, rows);
  });
};
