import { showWebhookEvent } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app, result, signal }, [id = '']) => {
  const params = { app: await app(), event: id };
  const event = await (await client()).call(showWebhookEvent, { params }, signal);
  result(event, () => terminal.print(JSON.stringify(event.payload, null, 2)));
};
