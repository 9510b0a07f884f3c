import { listTeamApps, listTeamMembers, showTeam } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, result, signal, now }, [which = '']) => {
  const api = await client();
  const params = { team: which };
  const [team, members, apps] = await Promise.all([
    api.call(showTeam, { params }, signal),
    api.call(listTeamMembers, { params }, signal),
    api.call(listTeamApps, { params }, signal),
  ]);
  result({ team, members, apps }, () => {
    const rows = [
      ['Team', team.name],
      ['Your role', team.role ?? 'none: you are an administrator of the platform'],
      ['Members', members.map(({ email, role }) => `${email} (${role})`).join(', ')],
      ['Apps', apps.map(({ name }) => name).join(', ') || 'none that you see'],
      ['Made', when(team.created_at, now())],
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};
