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
      details:
        'With - it is read from standard input. Where you have none yet, one is made for you with ssh-keygen, on a terminal after a question.',
      args: '[file]',
      options: [{ flags: '-y, --yes', says: 'make a key where there is none, without asking' }],
      prints: 'Key',
      examples: ['gantry keys:add', 'gantry keys:add deploy.pub', 'gantry keys:add --yes'],
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
    {
      name: 'keys:clear',
      summary: 'remove all of your SSH keys',
      details: 'You stay logged in, and gantry keys:add adds one again.',
      prints: 'Key[]',
      examples: ['gantry keys:clear'],
      load: () => import('../commands/keys/clear.ts'),
    },
  ],
};
