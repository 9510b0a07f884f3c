import { removeTeam } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context, [team = '']) => {
  const { terminal, client, result, signal } = context;
  await confirm(context, team, `This removes the team ${team} with its memberships.`);
  const removed = await (await client()).call(removeTeam, { params: { team } }, signal);
  terminal.note(`Removed the team ${removed.name}.`);
  result(removed, () => undefined);
};
