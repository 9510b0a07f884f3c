import { showWebhookDelivery } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app, result, signal }, [id = '']) => {
  const params = { app: await app(), delivery: id };
  const one = await (await client()).call(showWebhookDelivery, { params }, signal);
  result(one, () => {
    const rows = [
      ['Id', one.id],
      ['Event', `${one.event.include} ${one.event.id}`],
      ['Webhook', one.webhook.id],
      ['Status', one.status],
      ['Tries', String(one.num_attempts)],
      ['Next', one.next_attempt_at ?? 'none'],
      ['Last code', String(one.last_attempt?.code ?? '')],
      ['Last error', one.last_attempt?.error_class ?? ''],
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};
