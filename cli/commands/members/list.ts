import { listTeamMembers } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { teamOf, teamRoleOf } from '../../team-options.ts';

export const run: Run = async ({ terminal, client, result, options, signal }) => {
  const team = teamOf(options);
  const role = teamRoleOf(options);
  const all = await (await client()).call(listTeamMembers, { params: { team } }, signal);
  // Whoever is invited is a member at once, so nobody is still to accept.
  const members = all.filter((one) => !options.flag('pending') && (role === undefined || one.role === role));
  result(members, () => {
    if (members.length === 0) terminal.note(`${team} has no such members.`);
    const rows = members.map((one) => [one.email, terminal.paint('cyan', one.role)]);
    printTable(terminal, rows, { head: ['Who', 'Role'], whole: [0, 1] });
  });
};
