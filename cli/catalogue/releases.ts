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
      name: 'releases:output',
      summary: 'print what the rollout of a release said, by default of the newest',
      args: '[version]',
      onApp: true,
      ownOutput: true,
      examples: ['gantry releases:output', 'gantry releases:output v12'],
      load: () => import('../commands/releases/output.ts'),
    },
    {
      name: 'releases:diff',
      summary: 'show what differs between two releases: image, process types, config vars',
      details:
        'By default between the newest and the one before. Values of config vars are not shown without --values.',
      args: '[from] [to]',
      options: [{ flags: '--values', says: 'show the values of config vars' }],
      onApp: true,
      examples: ['gantry releases:diff', 'gantry releases:diff v3', 'gantry releases:diff v3 v7 --values'],
      load: () => import('../commands/releases/diff.ts'),
    },
    {
      name: 'releases:retry',
      summary: 'roll out the newest release again, with the config of now',
      onApp: true,
      deploys: true,
      examples: ['gantry releases:retry'],
      load: () => import('../commands/releases/retry.ts'),
    },
    {
      name: 'rollback',
      aliases: ['releases:rollback'],
      summary: 'go back to an earlier release, by default the one before; code and config',
      args: '[version]',
      onApp: true,
      options: [{ flags: '--plan', says: 'only say what would happen' }],
      deploys: true,
      examples: ['gantry rollback', 'gantry rollback v12', 'gantry rollback --plan'],
      load: () => import('../commands/releases/rollback.ts'),
    },
  ],
};
