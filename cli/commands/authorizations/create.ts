import { addAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { authorizationRows, parseLifetime } from '../../authorization.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context) => {
  const { terminal, client, options, result, signal } = context;
  const [description, scope, lifetime, from] = [
    options.text('description'),
    options.text('scope'),
    options.text('expiresIn'),
    options.text('from'),
  ];
  const body = {
    ...(description !== undefined && { description }),
    ...(scope !== undefined && { scope: listed(scope) }),
    ...(lifetime !== undefined && { expires_in: parseLifetime(lifetime) }),
    ...(from !== undefined && { addresses: listed(from) }),
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

function listed(text: string): string[] {
  return text.split(',').map((one) => one.trim());
}
