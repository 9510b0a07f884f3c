import { listDomains, showDomain } from '../../../server/contract/endpoints/domains.ts';
import type { DomainResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import { waitForDomain } from '../../wait-for-domain.ts';

export const run: Run = async (context, [hostname]) => {
  const { terminal, result, signal } = context;
  const client = await context.client();
  const app = await context.app();
  const domains =
    hostname === undefined
      ? await client.call(listDomains, { params: { app } }, signal)
      : [await client.call(showDomain, { params: { app, domain: hostname } }, signal)];
  const served: DomainResource[] = [];
  for (const domain of domains) served.push(await waitForDomain(context, domain));
  terminal.note(`Served: ${served.map((domain) => domain.hostname).join(', ')}.`);
  result(served, () => undefined);
};
