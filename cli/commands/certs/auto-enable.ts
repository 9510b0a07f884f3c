import { enableAcm } from '../../../server/contract/endpoints/certificates.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const app = await (await client()).call(enableAcm, { params: { app: await meant() } }, signal);
  terminal.note(`Certificates are to be got for the domains of ${app.name}; see gantry certs:auto.`);
  result(app, () => undefined);
};
