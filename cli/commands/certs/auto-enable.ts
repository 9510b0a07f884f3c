import { enableAcm } from '../../../server/contract/endpoints/certificates.ts';
import type { Run } from '../../command.ts';
import { mustHaveCertificates, untilDecided } from '../../wait-for-certificates.ts';

export const run: Run = async (context) => {
  const { terminal, client, app: meant, result, options, signal } = context;
  const app = await (await client()).call(enableAcm, { params: { app: await meant() } }, signal);
  terminal.note(`Certificates are to be got for the domains of ${app.name}; see gantry certs:auto.`);
  if (options.flag('wait')) mustHaveCertificates(await untilDecided(context, app.name));
  result(app, () => undefined);
};
