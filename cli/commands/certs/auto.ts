import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal, now }) => {
  const api = await client();
  const app = await api.app(await meant(), signal);
  const all = await api.call(listDomains, { params: { app: app.id } }, signal);
  const domains = all.filter(({ kind }) => kind === 'custom');
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
};
