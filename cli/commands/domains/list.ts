import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { csvLine } from '../../csv.ts';
import { DOMAIN_HEAD, domainRow, printDomains } from '../../domain-table.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }) => {
  const app = await meant();
  const domains = await (await client()).call(listDomains, { params: { app } }, signal);
  const own = domains.filter(({ kind }) => kind === 'heroku');
  const custom = domains.filter(({ kind }) => kind === 'custom');
  result(domains, () => {
    if (options.flag('csv')) {
      for (const row of [DOMAIN_HEAD, ...custom.map(domainRow)]) terminal.print(csvLine(row));
      return;
    }
    const name = terminal.paint('cyan', domains[0]?.app.name ?? app);
    terminal.print(`=== ${name}: its own address`);
    for (const { hostname } of own) terminal.print(hostname);
    if (custom.length === 0) {
      terminal.note('It has no domains. Add one: gantry domains:add www.example.com');
      return;
    }
    terminal.print('');
    terminal.print(`=== ${name}: domains`);
    printDomains(terminal, custom);
  });
};
