import { listCertificates } from '../../../server/contract/endpoints/certificates.ts';
import type { Run } from '../../command.ts';
import { expiry } from '../../certificate-table.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal, now }) => {
  const app = await meant();
  const all = await (await client()).call(listCertificates, { params: { app } }, signal);
  result(all, () => {
    if (all.length === 0) terminal.note(`${app} has no certificates. Add one: gantry certs:add CHAIN KEY`);
    const rows = all.map(({ name, domains, ssl_cert: of }) => [
      name,
      of.cert_domains.join(', '),
      expiry(terminal, of.expires_at, now()),
      of['self_signed?'] ? 'no' : 'yes',
      String(domains.length),
    ]);
    printTable(terminal, rows, { head: ['Name', 'For', 'Ends', 'Trusted', 'Domains'], whole: [0] });
  });
};
