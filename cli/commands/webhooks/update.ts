import { changeWebhook } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printWebhook, wishOf } from '../../webhook-wish.ts';

export const run: Run = async ({ terminal, client, app, result, options, signal }, [id = '']) => {
  const input = { params: { app: await app(), webhook: id }, body: wishOf(options) };
  const webhook = await (await client()).call(changeWebhook, input, signal);
  result(webhook, () => printWebhook(terminal, webhook));
};
