import { listWebhookEvents } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app, result, now, signal }) => {
  const all = await (await client()).call(listWebhookEvents, { params: { app: await app() } }, signal);
  result(all, () =>
    printTable(
      terminal,
      all.map(({ id, payload }) => [id, payload.resource, payload.action, when(payload.published_at, now())]),
      { head: ['Id', 'What', 'Happened', 'When'], whole: [0] },
    ),
  );
};
