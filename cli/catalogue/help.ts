import type { TopicSpec } from '../command.ts';

export const help: TopicSpec = {
  title: 'Help',
  commands: [
    {
      name: 'version',
      summary: 'show the version of this command',
      examples: ['gantry version'],
      load: () => import('../commands/account/version.ts'),
    },
  ],
};
