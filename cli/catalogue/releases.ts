import type { TopicSpec } from '../command.ts';

export const releases: TopicSpec = {
  title: 'Releases',
  commands: [
    {
      name: 'releases',
      summary: 'list releases, newest first',
      options: [{ flags: '-n, --num <count>', says: 'how many (default: 15)' }],
      onApp: true,
      examples: ['gantry releases', 'gantry releases -n 3 --json'],
      load: () => import('../commands/releases/list.ts'),
    },
    {
      name: 'releases:info',
      summary: 'show one release, by default the newest',
      args: '[version]',
      onApp: true,
      examples: ['gantry releases:info v12'],
      load: () => import('../commands/releases/info.ts'),
    },
    {
      name: 'rollback',
      aliases: ['releases:rollback'],
      summary: 'go back to an earlier release, by default the one before; code and config',
      args: '[version]',
      onApp: true,
      deploys: true,
      examples: ['gantry rollback', 'gantry rollback v12'],
      load: () => import('../commands/releases/rollback.ts'),
    },
  ],
};
