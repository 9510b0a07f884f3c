import { listWebhooks } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app, result, signal }) => {
  const all = await (await client()).call(listWebhooks, { params: { app: await app() } }, signal);
  result(all, () =>
    printTable(
      terminal,
      all.map(({ id, url, include, level }) => [id, url, include.join(','), level]),
      { whole: [0] },
    ),
  );
};
