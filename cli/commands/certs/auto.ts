import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';
import { mustHaveCertificates, untilDecided } from '../../wait-for-certificates.ts';

export const run: Run = async (context) => {
  const { terminal, client, app: meant, result, options, signal, now } = context;
  const api = await client();
  const app = await api.app(await meant(), signal);
  const waits = app.acm && options.flag('wait');
  const domains = waits
    ? await untilDecided(context, app.name)
    : (await api.call(listDomains, { params: { app: app.id } }, signal)).filter(
        ({ kind }) => kind === 'custom',
      );
  result({ app, domains }, () => {
    terminal.print(app.acm ? 'on' : 'off');
    if (!app.acm) return;
    if (domains.length === 0)
      terminal.note(`${app.name} has no domains. Add one: gantry domains:add www.example.com`);
    const rows = domains.map((domain) => [
      domain.hostname,
      domain.sni_endpoint === null ? (domain.acm_status ?? 'waiting') : 'has its own',
      when(domain.updated_at, now()),
      domain.acm_status_reason ?? '',
    ]);
    printTable(terminal, rows, { head: ['Domain', 'Status', 'Changed', 'Reason'], whole: [0, 1] });
  });
  if (waits) mustHaveCertificates(domains);
};
