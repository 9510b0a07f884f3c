import { addTeamAppCollaborator } from '../../../server/contract/endpoints/team-apps.ts';
import { permissionsOf, roleOf } from '../../access-table.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }, [user = '']) => {
  const params = { app: await meant() };
  const permissions = permissionsOf(options);
  const body = { user, ...(permissions !== undefined && { permissions }) };
  const added = await (await client()).call(addTeamAppCollaborator, { params, body }, signal);
  terminal.note(`${added.user.email} may ${roleOf(added)} ${added.app.name} now.`);
  result(added, () => undefined);
};
