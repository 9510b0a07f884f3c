import { updateTeamAppCollaborator } from '../../../server/contract/endpoints/team-apps.ts';
import { permissionsOf, roleOf } from '../../access-table.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }, [who = '']) => {
  const permissions = permissionsOf(options);
  if (permissions === undefined)
    throw new UsageError('Say what they may do: --permissions view, deploy, operate or manage.');
  const params = { app: await meant(), collaborator: who };
  const updated = await (
    await client()
  ).call(updateTeamAppCollaborator, { params, body: { permissions } }, signal);
  terminal.note(`${updated.user.email} may ${roleOf(updated)} ${updated.app.name} now.`);
  result(updated, () => undefined);
};
