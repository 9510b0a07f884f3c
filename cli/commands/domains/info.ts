import { showDomain } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { recordFor } from '../../domain-table.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal, now }, [domain = '']) => {
  const params = { app: await meant(), domain };
  const found = await (await client()).call(showDomain, { params }, signal);
  result(found, () => {
    const { hostname, kind, cname, status, acm_status: acm, acm_status_reason: reason } = found;
    const rows = [
      ['Domain', hostname],
      ['App', found.app.name],
      ['Kind', kind === 'heroku' ? 'the address every app has' : 'of your own'],
      ...(cname === null ? [] : [['DNS', `${recordFor(hostname)} to ${cname}`]]),
      ['Status', status],
      ['Certificate', found.sni_endpoint?.name ?? 'that of the platform'],
      ...(acm === null ? [] : [['Automatic', reason === null ? acm : `${acm}: ${reason}`]]),
      ['Added', when(found.created_at, now())],
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};
