import { replaceCertificate } from '../../../server/contract/endpoints/certificates.ts';
import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { readPemPair } from '../../certificate-files.ts';
import { printCertificate } from '../../certificate-table.ts';
import { confirm } from '../../confirm.ts';
import { whichCertificate } from '../../which-certificate.ts';

export const run: Run = async (context, [chain, key]) => {
  const { terminal, client, result, signal, now } = context;
  const app = await context.app();
  const body = await readPemPair(context, chain, key);
  const { name } = await whichCertificate(context, app);
  await confirm(context, app, `This replaces the certificate ${name} of ${app}.`);
  const api = await client();
  const params = { app, sni_endpoint: name };
  const replaced = await api.call(replaceCertificate, { params, body }, signal);
  terminal.note(`Replaced the certificate ${name} of ${replaced.app.name}.`);
  const domains = await api.call(listDomains, { params: { app } }, signal);
  const showing = domains.filter(({ id }) => replaced.domains.includes(id));
  result(replaced, () => printCertificate(terminal, replaced, showing, now()));
};
