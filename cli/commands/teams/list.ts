import { listTeams } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const teams = await (await client()).call(listTeams, {}, signal);
  result(teams, () => {
    if (teams.length === 0) terminal.note('You are in no team. Make one: gantry teams:create NAME');
    const rows = teams.map(({ name, role }) => [name, role ?? '']);
    printTable(terminal, rows, { head: ['Team', 'Your role'], whole: [0] });
  });
};
