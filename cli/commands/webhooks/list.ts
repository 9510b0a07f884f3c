import { listWebhooks } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app, result, signal }) => {
  const all = await (await client()).call(listWebhooks, { params: { app: await app() } }, signal);
  result(all, () => {
    if (all.length === 0)
      terminal.note('It has no webhooks. Add one: gantry webhooks:add -i api:release -u https://…');
    const rows = all.map(({ id, url, include, level }) => [id, url, include.join(','), level]);
    printTable(terminal, rows, { head: ['Id', 'URL', 'Tells', 'Level'], whole: [0] });
  });
};
