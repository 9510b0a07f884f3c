import { listTransfers } from '../../../server/contract/endpoints/transfers.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, result, signal, now }) => {
  const all = await (await client()).call(listTransfers, {}, signal);
  result(all, () => {
    if (all.length === 0) terminal.note('No app was offered by you or to you.');
    const rows = all.map(({ app, owner, recipient, state, created_at: at }) => [
      app.name,
      owner.email,
      recipient.email,
      state,
      when(at, now()),
    ]);
    printTable(terminal, rows, { head: ['App', 'From', 'To', 'State', 'Offered'], whole: [0, 3] });
  });
};
