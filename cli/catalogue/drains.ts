import type { TopicSpec } from '../command.ts';

export const drains: TopicSpec = {
  title: 'Log drains',
  commands: [
    {
      name: 'drains',
      summary: 'list where the log of an app also goes',
      onApp: true,
      prints: 'LogDrain[]',
      examples: ['gantry drains'],
      load: () => import('../commands/drains/list.ts'),
    },
    {
      name: 'drains:add',
      summary: 'send the log of an app to a URL from now on',
      args: '<url>',
      details:
        'syslog://HOST:PORT, syslog+tls://HOST:PORT (certificates are verified) or https://USER:PASSWORD@HOST/PATH (http:// too, for a receiver in a network of your own); at most 5 per app. A drain gets what instances print, what visitors ask and what the platform does. While it cannot be reached the last 1,024 lines wait for it.',
      onApp: true,
      prints: 'LogDrain',
      examples: ['gantry drains:add syslog+tls://logs.example.com:6514'],
      load: () => import('../commands/drains/add.ts'),
    },
    {
      name: 'drains:remove',
      summary: 'remove a drain, by its URL, token or id',
      args: '<drain>',
      onApp: true,
      prints: 'LogDrain',
      examples: ['gantry drains:remove syslog+tls://logs.example.com:6514'],
      load: () => import('../commands/drains/remove.ts'),
    },
  ],
};
