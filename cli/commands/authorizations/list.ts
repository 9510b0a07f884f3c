import { listAuthorizations } from '../../../server/contract/endpoints/oauth.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const tokens = await (await client()).call(listAuthorizations, {}, signal);
  result(tokens, () => {
    if (tokens.length === 0) terminal.note('You have no tokens. Make one: gantry authorizations:create');
    const rows = tokens.map(({ id, description, scope, expires_at: end }) => [
      description,
      id,
      scope.join(', '),
      end === null ? 'never ends' : `ends ${end.slice(0, 10)}`,
    ]);
    printTable(terminal, rows, { fields: ['Token', 'Id', 'Scope', 'End'], whole: [1] });
  });
};
