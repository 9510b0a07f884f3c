import type { TopicSpec } from '../command.ts';

export const logs: TopicSpec = {
  title: 'Logs',
  commands: [
    {
      name: 'logs',
      summary: 'show what the app printed, what visitors asked of it and what became of it',
      options: [
        { flags: '-n, --num <lines>', says: 'how many lines of the past (default: 100, at most 1500)' },
        { flags: '-t, --tail', says: 'go on with new lines until interrupted' },
        { flags: '-p, --ps <process>', says: 'only a process type (web), one instance (web.1), or router' },
        { flags: '-d, --dyno <process>', says: 'the same, as clients of Heroku say it' },
        { flags: '--dyno-name <process>', says: 'the same' },
        { flags: '--process-type <type>', says: 'the same' },
        {
          flags: '-s, --source <source>',
          says: 'only what the app printed (app), or the platform and its router said (heroku)',
        },
        { flags: '--force-colors', says: 'in colours, also where no screen is' },
        { flags: '--no-color', says: 'without colours, also on a screen' },
      ],
      details:
        'Of instances that are gone (crashed, restarted, replaced by a deploy) the last 1,500 lines of the app are kept, at most 1 MB and 8 KiB per line, until the app is destroyed; of what visitors asked (heroku[router]) as many. With --json, one JSON object per line.',
      onApp: true,
      prints: 'LogLine per line',
      examples: [
        'gantry logs --tail',
        'gantry logs -n 20 -p worker',
        'gantry logs --source heroku --dyno router',
      ],
      load: () => import('../commands/ps/logs.ts'),
    },
  ],
};
