import type { CommandSpec, OptionSpec, TopicSpec } from '../command.ts';

const WISH: readonly OptionSpec[] = [
  { flags: '-i, --include <kinds>', says: 'what to tell, with commas between: api:release,api:build,dyno' },
  { flags: '-l, --level <level>', says: 'notify (each by itself) or sync (in order, one after the other)' },
  { flags: '-u, --url <url>', says: 'where to tell it' },
  { flags: '-s, --secret <secret>', says: 'the key that signs what is told; made unless given' },
  { flags: '-t, --authorization <value>', says: 'value of the Authorization header that goes with it' },
];

const command = (
  name: string,
  summary: string,
  example: string,
  load: CommandSpec['load'],
  more: Partial<CommandSpec> & Pick<CommandSpec, 'prints'>,
): CommandSpec => ({ name, summary, onApp: true, examples: [example], load, ...more });

export const webhooks: TopicSpec = {
  title: 'Webhooks',
  commands: [
    command(
      'webhooks',
      'list the webhooks of an app',
      'gantry webhooks',
      () => import('../commands/webhooks/list.ts'),
      { prints: 'Webhook[]' },
    ),
    command(
      'webhooks:add',
      'have a URL told of what happens to an app',
      'gantry webhooks:add -i api:release -l notify -u https://example.com/hooks',
      () => import('../commands/webhooks/add.ts'),
      {
        prints: 'NewWebhook',
        options: WISH,
        details:
          'What is told is signed with the secret, which is shown once: the header Heroku-Webhook-Hmac-SHA256 has the base64 of the HMAC-SHA256 of the body. What is not answered with 2xx is tried again for about three hours.',
      },
    ),
    command(
      'webhooks:info',
      'show a webhook',
      'gantry webhooks:info 01234567-89ab-4cde-8f01-23456789abcd',
      () => import('../commands/webhooks/info.ts'),
      { prints: 'Webhook', args: '<id>' },
    ),
    command(
      'webhooks:update',
      'change a webhook',
      'gantry webhooks:update 01234567-89ab-4cde-8f01-23456789abcd -l sync',
      () => import('../commands/webhooks/update.ts'),
      { prints: 'Webhook', args: '<id>', options: WISH },
    ),
    command(
      'webhooks:remove',
      'remove a webhook',
      'gantry webhooks:remove 01234567-89ab-4cde-8f01-23456789abcd',
      () => import('../commands/webhooks/remove.ts'),
      { prints: 'Webhook', args: '<id>' },
    ),
    command(
      'webhooks:deliveries',
      'list what webhooks were told, newest first',
      'gantry webhooks:deliveries --status failed',
      () => import('../commands/webhooks/deliveries.ts'),
      {
        prints: 'WebhookDelivery[]',
        options: [
          {
            flags: '-s, --status <status>',
            says: 'only those that are pending, scheduled, retrying, failed or succeeded',
          },
        ],
      },
    ),
    command(
      'webhooks:deliveries:info',
      'show one delivery',
      'gantry webhooks:deliveries:info 01234567-89ab-4cde-8f01-23456789abcd',
      () => import('../commands/webhooks/delivery.ts'),
      { prints: 'WebhookDelivery', args: '<id>' },
    ),
    command(
      'webhooks:events',
      'list what webhooks were told of, newest first',
      'gantry webhooks:events',
      () => import('../commands/webhooks/events.ts'),
      { prints: 'WebhookEvent[]' },
    ),
    command(
      'webhooks:events:info',
      'show all that was told of one event',
      'gantry webhooks:events:info 01234567-89ab-4cde-8f01-23456789abcd',
      () => import('../commands/webhooks/event.ts'),
      { prints: 'WebhookEvent', args: '<id>' },
    ),
  ],
};
