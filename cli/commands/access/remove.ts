import { removeCollaborator } from '../../../server/contract/endpoints/collaborators.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }, [collaborator = '']) => {
  const params = { app: await meant(), collaborator };
  const removed = await (await client()).call(removeCollaborator, { params }, signal);
  terminal.note(`${removed.user.email} has no rights of their own on ${removed.app.name} any more.`);
  result(removed, () => undefined);
};
