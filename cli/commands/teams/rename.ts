import { updateTeam } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }, [team = '', name = '']) => {
  const renamed = await (await client()).call(updateTeam, { params: { team }, body: { name } }, signal);
  terminal.note(`The team ${team} is called ${renamed.name} now.`);
  result(renamed, () => undefined);
};
