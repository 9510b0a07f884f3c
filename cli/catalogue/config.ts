import type { TopicSpec } from '../command.ts';

export const config: TopicSpec = {
  title: 'Config',
  commands: [
    {
      name: 'config',
      summary: 'show all config vars of an app',
      options: [{ flags: '-s, --shell', says: 'print them as lines a shell can read' }],
      onApp: true,
      prints: 'ConfigVars',
      examples: ['gantry config', 'gantry config --shell > .env'],
      load: () => import('../commands/config/show.ts'),
    },
    {
      name: 'config:get',
      summary: 'print the value of one config var, and nothing else',
      details: 'Exits with 1 when it is not set.',
      args: '<key>',
      options: [{ flags: '-s, --shell', says: 'print it as a line a shell can read: KEY=value' }],
      onApp: true,
      prints: 'ConfigVars',
      examples: ['gantry config:get DATABASE_URL'],
      load: () => import('../commands/config/get.ts'),
    },
    {
      name: 'config:set',
      summary: 'set config vars; makes a release and rolls it out',
      args: '<KEY=value...>',
      onApp: true,
      deploys: true,
      prints: 'ConfigVars',
      examples: ['gantry config:set LOG_LEVEL=debug GREETING="hello world"'],
      load: () => import('../commands/config/set.ts'),
    },
    {
      name: 'config:unset',
      aliases: ['config:remove'],
      summary: 'remove config vars; makes a release and rolls it out',
      args: '<key...>',
      onApp: true,
      deploys: true,
      prints: 'ConfigVars',
      examples: ['gantry config:unset LOG_LEVEL'],
      load: () => import('../commands/config/unset.ts'),
    },
  ],
};
