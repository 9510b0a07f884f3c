import { removeTeamMember } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { teamOf } from '../../team-options.ts';

export const run: Run = async ({ terminal, client, result, options, signal }, [who = '']) => {
  const team = teamOf(options);
  const member = await (await client()).call(removeTeamMember, { params: { team, member: who } }, signal);
  terminal.note(`${member.email} is not in ${team} any more.`);
  result(member, () => undefined);
};
