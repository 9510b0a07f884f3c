import type { TopicSpec } from '../command.ts';

export const logs: TopicSpec = {
  title: 'Logs',
  commands: [
    {
      name: 'logs',
      summary: 'show what the app printed',
      options: [
        { flags: '-n, --num <lines>', says: 'how many lines of the past (default: 100, at most 1500)' },
        { flags: '-t, --tail', says: 'go on with new lines until interrupted' },
        { flags: '-p, --ps <process>', says: 'only a process type (web) or one instance (web.1)' },
        {
          flags: '-s, --source <source>',
          says: 'only what the app printed (app), or the platform said (gantry)',
        },
      ],
      details:
        'Of instances that are gone (crashed, restarted, replaced by a deploy) the last 1,500 lines of the app are kept, at most 1 MB and 8 KiB per line, until the app is destroyed. With --json, one JSON object per line.',
      onApp: true,
      prints: 'LogLine per line',
      examples: ['gantry logs --tail', 'gantry logs -n 20 -p worker'],
      load: () => import('../commands/ps/logs.ts'),
    },
  ],
};
