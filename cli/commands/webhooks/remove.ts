import { removeWebhook } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { printWebhook } from '../../webhook-wish.ts';

export const run: Run = async ({ terminal, client, app, result, signal }, [id = '']) => {
  const params = { app: await app(), webhook: id };
  const webhook = await (await client()).call(removeWebhook, { params }, signal);
  result(webhook, () => printWebhook(terminal, webhook));
};
