import type { TopicSpec } from '../command.ts';

export const heroku: TopicSpec = {
  title: 'Heroku',
  commands: [
    {
      name: 'heroku',
      summary: 'run the real heroku command against this platform',
      details:
        'What follows -- is for heroku, version 11.10.0, which npm fetches the first time. It sends nothing to anybody else: no telemetry, no updates, and your token stays in this command, which hands its requests on. Its exit code is passed on.',
      args: '[args...]',
      local: true,
      passThrough: true,
      prints: null,
      examples: ['gantry heroku -- apps', 'gantry heroku -- config:set -a hello GREETING=hi'],
      load: () => import('../commands/heroku/run.ts'),
    },
  ],
};
