import { addTeamAppCollaborator } from '../../../server/contract/endpoints/team-apps.ts';
import { roleOf } from '../../access-table.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const params = { app: await meant() };
  const joined = await (await client()).call(addTeamAppCollaborator, { params, body: { user: '~' } }, signal);
  terminal.note(`You have joined ${joined.app.name} and may ${roleOf(joined)} it.`);
  result(joined, () => undefined);
};
