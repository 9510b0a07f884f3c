import { removeCertificate } from '../../../server/contract/endpoints/certificates.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { whichCertificate } from '../../which-certificate.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, signal } = context;
  const app = await context.app();
  const { name } = await whichCertificate(context, app);
  const danger = `This removes the certificate ${name} of ${app}; its domains show that of the platform.`;
  await confirm(context, app, danger);
  const params = { app, sni_endpoint: name };
  const removed = await (await client()).call(removeCertificate, { params }, signal);
  terminal.note(`Removed the certificate ${removed.name} from ${removed.app.name}.`);
  result(removed, () => undefined);
};
