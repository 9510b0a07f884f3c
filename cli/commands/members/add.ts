import { putTeamMember } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { teamOf, teamRoleOf } from '../../team-options.ts';

export const run: Run = async ({ terminal, client, result, options, signal }, [email = '']) => {
  const team = teamOf(options);
  const body = { email, role: teamRoleOf(options) ?? 'member' };
  const member = await (await client()).call(putTeamMember, { params: { team }, body }, signal);
  terminal.note(`${member.email} is ${member.role} in ${team} now.`);
  result(member, () => undefined);
};
