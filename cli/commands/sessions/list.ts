import { listSessions } from '../../../server/contract/endpoints/oauth.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, result, now, signal }) => {
  const sessions = await (await client()).call(listSessions, {}, signal);
  result(sessions, () => {
    if (sessions.length === 0) terminal.note('There are no logins.');
    const rows = sessions.map((one) => [
      one.current ? `${one.description} (this one)` : one.description,
      one.id,
      one.ip ?? '',
      when(one.created_at, now()),
    ]);
    printTable(terminal, rows, { fields: ['Login', 'Id', 'From', 'Since'], whole: [1] });
  });
};
