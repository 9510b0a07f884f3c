import { randomBytes } from 'node:crypto';
import { addWebhook } from '../../../server/contract/endpoints/webhooks.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { printWebhook, wishOf } from '../../webhook-wish.ts';

export const run: Run = async ({ terminal, client, app, result, options, signal }) => {
  const {
    include,
    url,
    level = 'notify',
    secret = randomBytes(32).toString('hex'),
    ...rest
  } = wishOf(options);
  if (include === undefined || url === undefined)
    throw new UsageError(
      'Say what to tell and where: --include api:release --url https://example.com/hooks.',
    );
  const body = { include, url, level, secret, ...rest };
  const webhook = await (await client()).call(addWebhook, { params: { app: await app() }, body }, signal);
  result({ ...webhook, secret }, () => {
    printWebhook(terminal, webhook);
    terminal.print(`Secret  ${secret}`);
    terminal.note('The secret is not shown again.');
  });
};
