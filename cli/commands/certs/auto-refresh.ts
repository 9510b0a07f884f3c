import { refreshAcm } from '../../../server/contract/endpoints/certificates.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const params = { app: await meant() };
  const app = await (await client()).call(refreshAcm, { params, body: { acm_refresh: true } }, signal);
  terminal.note(`Asking again for certificates of ${app.name}; see gantry certs:auto.`);
  result(app, () => undefined);
};
