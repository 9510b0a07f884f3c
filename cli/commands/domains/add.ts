import { addDomain } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { recordFor } from '../../domain-table.ts';
import { waitForDomain } from '../../wait-for-domain.ts';

export const run: Run = async (context, [hostname = '']) => {
  const { terminal, client, result, options, signal } = context;
  const params = { app: await context.app() };
  const certificate = options.text('cert');
  const body = { hostname, ...(certificate !== undefined && { sni_endpoint: certificate }) };
  const added = await (await client()).call(addDomain, { params, body }, signal);
  terminal.note(`Added ${added.hostname} to ${added.app.name}.`);
  if (added.cname !== null) {
    const kind = recordFor(added.hostname);
    terminal.note(`Let its DNS lead to ${added.cname}: a record of the kind ${kind}.`);
  }
  const domain = options.flag('wait') ? await waitForDomain(context, added) : added;
  result(domain, () => terminal.print(domain.cname ?? domain.hostname));
};
