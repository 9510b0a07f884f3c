import { changeTeamMember } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { teamOf, teamRoleOf } from '../../team-options.ts';

export const run: Run = async ({ terminal, client, result, options, signal }, [email = '']) => {
  const team = teamOf(options);
  const role = teamRoleOf(options);
  if (role === undefined)
    throw new UsageError('Say what they are to be: --role admin, member, viewer or collaborator.');
  const input = { params: { team }, body: { email, role } };
  const member = await (await client()).call(changeTeamMember, input, signal);
  terminal.note(`${member.email} is ${member.role} in ${team} now.`);
  result(member, () => undefined);
};
