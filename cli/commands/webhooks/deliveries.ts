import { listWebhookDeliveries } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app, result, now, signal }) => {
  const input = { params: { app: await app() }, range: 'seq ..; order=desc,max=1000' };
  const all = await (await client()).call(listWebhookDeliveries, input, signal);
  result(all, () => {
    const rows = all.map((one) => [
      ...[one.id, when(one.created_at, now()), one.status, one.event.include, one.webhook.level],
      `${one.num_attempts} tries`,
      String(one.last_attempt?.code ?? one.last_attempt?.error_class ?? ''),
    ]);
    printTable(terminal, rows, { whole: [0] });
  });
};
