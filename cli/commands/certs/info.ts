import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { printCertificate } from '../../certificate-table.ts';
import { whichCertificate } from '../../which-certificate.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, signal, now } = context;
  const app = await context.app();
  const certificate = await whichCertificate(context, app);
  const domains = await (await client()).call(listDomains, { params: { app } }, signal);
  const showing = domains.filter(({ id }) => certificate.domains.includes(id));
  result(certificate, () => printCertificate(terminal, certificate, showing, now()));
};
