import { listCollaborators } from '../../../server/contract/endpoints/collaborators.ts';
import { listTeamMembers } from '../../../server/contract/endpoints/teams.ts';
import type { Client } from '../../../server/contract/client.ts';
import { ApiError } from '../../../server/contract/transport.ts';
import { roleOf } from '../../access-table.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }) => {
  const api = await client();
  const app = await api.app(await meant(), signal);
  const all = await api.call(listCollaborators, { params: { app: app.id } }, signal);
  const admins = app.team === null || options.flag('json') ? [] : await adminsOf(api, app.team.name, signal);
  result(all, () => {
    const others = all.filter(({ user }) => !admins.includes(user.email));
    const rows = others.map((one) => [
      one.user.email,
      terminal.paint('cyan', roleOf(one)),
      one.permissions.map(({ name }) => name).join(', '),
    ]);
    const ofTeam = admins.map((email) => [email, terminal.paint('cyan', 'admin'), 'by their team']);
    if (rows.length + ofTeam.length === 0)
      terminal.note(`Nobody but its team may do anything with ${app.name}.`);
    printTable(terminal, [...rows, ...ofTeam], { head: ['Who', 'Role', 'Permissions'], whole: [0, 1] });
  });
};

/** Whoever shares only the app does not see its team. */
async function adminsOf(api: Client, team: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const members = await api.call(listTeamMembers, { params: { team } }, signal);
    return members.filter(({ role }) => role === 'admin').map(({ email }) => email);
  } catch (err) {
    if (err instanceof ApiError && (err.status === 403 || err.status === 404)) return [];
    throw err;
  }
}
