import type { TopicSpec } from '../command.ts';

export const ps: TopicSpec = {
  title: 'Processes',
  commands: [
    {
      name: 'ps',
      aliases: ['ps:list'],
      summary: 'show what runs',
      onApp: true,
      prints: 'Dyno[]',
      examples: ['gantry ps', 'gantry ps --json'],
      load: () => import('../commands/ps/list.ts'),
    },
    {
      name: 'ps:scale',
      aliases: ['scale'],
      summary: 'change how many instances run; without arguments, show it',
      args: '[change...]',
      onApp: true,
      deploys: true,
      prints: 'Formation[]',
      examples: ['gantry ps:scale', 'gantry ps:scale web=2 worker+1', 'gantry ps:scale worker=0'],
      load: () => import('../commands/ps/scale.ts'),
    },
    {
      name: 'ps:restart',
      aliases: ['restart'],
      summary: 'replace all instances by fresh ones, dropping no request',
      details:
        'Naming a process makes sure that it is there; all instances of the app are replaced together.',
      args: '[process]',
      onApp: true,
      deploys: true,
      prints: ['Deployment', 'Nothing'],
      examples: ['gantry ps:restart', 'gantry ps:restart web.1'],
      load: () => import('../commands/ps/restart.ts'),
    },
  ],
};
