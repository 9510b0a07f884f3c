import { removeCoupling, showAppCoupling } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app, result, signal }) => {
  const api = await client();
  const { id } = await api.call(showAppCoupling, { params: { app: await app() } }, signal);
  const gone = await api.call(removeCoupling, { params: { coupling: id } }, signal);
  terminal.note(`Took ${gone.app.name} out of ${gone.pipeline.name}.`);
  result(gone, () => undefined);
};
