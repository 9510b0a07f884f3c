import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { DOMAIN_COLUMNS } from '../../domain-table.ts';
import { chosen, printListing } from '../../listing.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, options, signal } = context;
  const app = await context.app();
  const all = await (await client()).call(listDomains, { params: { app } }, signal);
  const domains = chosen(options, all, DOMAIN_COLUMNS);
  const custom = domains.filter(({ kind }) => kind === 'custom');
  result(domains, () => {
    if (options.flag('csv')) {
      printListing(context, custom, DOMAIN_COLUMNS);
      return;
    }
    const name = terminal.paint('cyan', all[0]?.app.name ?? app);
    terminal.print(`=== ${name}: its own address`);
    for (const { hostname } of all.filter(({ kind }) => kind === 'heroku')) terminal.print(hostname);
    if (custom.length === 0) {
      terminal.note(
        options.text('filter') === undefined
          ? 'It has no domains. Add one: gantry domains:add www.example.com'
          : 'It has no such domains.',
      );
      return;
    }
    terminal.print('');
    terminal.print(`=== ${name}: domains`);
    printListing(context, custom, DOMAIN_COLUMNS);
  });
};
