import { listDomains, removeDomain } from '../../../server/contract/endpoints/domains.ts';
import type { DomainResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const all = await client.call(listDomains, { params: { app } }, signal);
  const custom = all.filter(({ kind }) => kind === 'custom');
  const removed: DomainResource[] = [];
  if (custom.length > 0) {
    const hosts = custom.map(({ hostname }) => hostname).join(', ');
    await confirm(context, app, `This takes from ${app} the domains ${hosts}; they lead nowhere then.`);
    for (const { id } of custom)
      removed.push(await client.call(removeDomain, { params: { app, domain: id } }, signal));
  }
  const many = removed.length === 1 ? '1 domain' : `${removed.length} domains`;
  terminal.note(removed.length === 0 ? `${app} has no domains.` : `Removed ${many} from ${app}.`);
  result(removed, () => undefined);
};
