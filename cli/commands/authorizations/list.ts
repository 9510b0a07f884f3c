import { listAuthorizations } from '../../../server/contract/endpoints/oauth.ts';
import { scopeTeller } from '../../authorization.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, signal } = context;
  const tokens = await (await client()).call(listAuthorizations, {}, signal);
  const scopeOf = await scopeTeller(context, tokens);
  result(tokens, () => {
    if (tokens.length === 0) terminal.note('You have no tokens. Make one: gantry authorizations:create');
    const rows = tokens.map((token) => [
      token.description,
      token.id,
      scopeOf(token),
      token.expires_at === null ? 'never ends' : `ends ${token.expires_at.slice(0, 10)}`,
    ]);
    printTable(terminal, rows, { fields: ['Token', 'Id', 'Scope', 'End'], whole: [1] });
  });
};
