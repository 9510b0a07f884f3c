import { removeCollaborator } from '../../../server/contract/endpoints/collaborators.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const params = { app: await meant(), collaborator: '~' };
  const left = await (await client()).call(removeCollaborator, { params }, signal);
  terminal.note(`You have left ${left.app.name}.`);
  result(left, () => undefined);
};
