import { listWebhookDeliveries } from '../../../server/contract/endpoints/webhooks.ts';
import { deliveryStatus } from '../../../server/contract/webhook-resources.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

const HEAD = ['Id', 'When', 'Status', 'Tells', 'Level', 'Tries', 'Answer'];

export const run: Run = async ({ terminal, client, app, options, result, now, signal }) => {
  const status = options.text('status');
  if (status !== undefined && !deliveryStatus.options.some((one) => one === status))
    throw new UsageError(`--status must be one of ${deliveryStatus.options.join(', ')}, not ${status}.`);
  const input = {
    params: { app: await app() },
    range: 'seq ..; order=desc,max=1000',
    ...(status !== undefined && { query: { 'eq[status]': status } }),
  };
  const all = await (await client()).call(listWebhookDeliveries, input, signal);
  result(all, () => {
    if (all.length === 0)
      terminal.note(status === undefined ? 'Nothing was told yet.' : `None is ${status}.`);
    const rows = all.map((one) => [
      ...[one.id, when(one.created_at, now()), one.status, one.event.include, one.webhook.level],
      String(one.num_attempts),
      String(one.last_attempt?.code ?? one.last_attempt?.error_class ?? ''),
    ]);
    printTable(terminal, rows, { head: HEAD, whole: [0] });
  });
};
