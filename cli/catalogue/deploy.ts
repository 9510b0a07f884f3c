import type { TopicSpec } from '../command.ts';

export const deploy: TopicSpec = {
  title: 'Deploying without git',
  commands: [
    {
      name: 'deploy',
      summary: 'build and deploy a folder, by default this one',
      details:
        'What .gitignore and .slugignore name is left out. It goes the same way as a push; the deploy branch stays what the last push made it.',
      args: '[folder]',
      options: [
        { flags: '--plan', says: 'only say what would happen' },
        { flags: '--version <name>', says: 'what to call this source, such as v2.1' },
      ],
      onApp: true,
      deploys: true,
      local: true,
      examples: ['gantry deploy', 'gantry deploy ./site -a hello', 'gantry deploy --plan'],
      load: () => import('../commands/deploy/deploy.ts'),
    },
    {
      name: 'builds',
      summary: 'list builds, newest first',
      options: [{ flags: '-n, --num <count>', says: 'how many (default: 15)' }],
      onApp: true,
      examples: ['gantry builds', 'gantry builds -n 3 --json'],
      load: () => import('../commands/builds/list.ts'),
    },
    {
      name: 'builds:info',
      summary: 'show a build, by default the newest',
      args: '[build]',
      onApp: true,
      examples: ['gantry builds:info'],
      load: () => import('../commands/builds/info.ts'),
    },
    {
      name: 'builds:output',
      summary: 'print what a build said, by default the newest; one that runs is followed',
      args: '[build]',
      onApp: true,
      ownOutput: true,
      examples: ['gantry builds:output'],
      load: () => import('../commands/builds/output.ts'),
    },
    {
      name: 'builds:cancel',
      summary: 'cancel a build, by default the newest',
      args: '[build]',
      onApp: true,
      examples: ['gantry builds:cancel'],
      load: () => import('../commands/builds/cancel.ts'),
    },
    {
      name: 'builds:cache:purge',
      summary: 'forget what earlier builds kept for later ones',
      onApp: true,
      examples: ['gantry builds:cache:purge'],
      load: () => import('../commands/builds/purge-cache.ts'),
    },
    {
      name: 'stacks',
      summary: 'list the stacks an app can be built on',
      onApp: true,
      examples: ['gantry stacks'],
      load: () => import('../commands/stacks/list.ts'),
    },
    {
      name: 'stacks:set',
      summary: 'choose the stack for the next build',
      args: '<stack>',
      onApp: true,
      examples: ['gantry stacks:set gantry'],
      load: () => import('../commands/stacks/set.ts'),
    },
  ],
};
