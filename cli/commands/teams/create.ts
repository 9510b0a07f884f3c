import { createTeam } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }, [name = '']) => {
  const team = await (await client()).call(createTeam, { body: { name } }, signal);
  terminal.note(`Made the team ${team.name}. Add somebody: gantry members:add EMAIL -t ${team.name}`);
  result(team, () => undefined);
};
