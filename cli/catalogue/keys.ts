import type { TopicSpec } from '../command.ts';

export const keys: TopicSpec = {
  title: 'SSH keys',
  commands: [
    {
      name: 'keys',
      summary: 'list the SSH keys that may push as you',
      options: [{ flags: '-l, --long', says: 'print the keys themselves, one per line' }],
      prints: 'Key[]',
      examples: ['gantry keys'],
      load: () => import('../commands/keys/list.ts'),
    },
    {
      name: 'keys:add',
      summary: 'add an SSH public key, by default your own',
      details: 'With - it is read from standard input.',
      args: '[file]',
      prints: 'Key',
      examples: ['gantry keys:add', 'gantry keys:add deploy.pub'],
      load: () => import('../commands/keys/add.ts'),
    },
    {
      name: 'keys:remove',
      summary: 'remove an SSH key, by its comment, fingerprint or id',
      args: '<key>',
      prints: 'Key',
      examples: ['gantry keys:remove me@laptop'],
      load: () => import('../commands/keys/remove.ts'),
    },
  ],
};
