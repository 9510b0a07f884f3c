import { EVENT_KINDS, LIVE_KINDS } from '../../server/contract/event-kinds.ts';
import type { TopicSpec } from '../command.ts';

export const platform: TopicSpec = {
  title: 'The platform',
  commands: [
    {
      name: 'events',
      summary: 'follow what happens to your apps: builds, releases, instances, domains, …',
      details: `It goes on until it is interrupted. When the connection breaks it goes on from where it was; what is lost all the same is said. Kinds: ${EVENT_KINDS.join(', ')}. Of one app, when they are asked for: ${LIVE_KINDS.join(', ')} (the lines of its log; every ten seconds its requests, memory and processor time).`,
      options: [
        { flags: '-t, --tail', says: 'what happens anyway: it goes on' },
        { flags: '-a, --app <name>', says: 'only of this app' },
        { flags: '-k, --kinds <kinds>', says: 'only these, with commas between: release,build' },
        {
          flags: '--after <place>',
          says: 'also what came after this place, as --json shows it; 0 is the oldest there is',
        },
        { flags: '-n, --num <count>', says: 'end after so many' },
      ],
      prints: ['Event per line', 'EventGap per line', 'LogEvent per line', 'MetricEvent per line'],
      examples: [
        'gantry events --tail',
        'gantry events -a hello -k release,deployment',
        'gantry events -a hello -k route,metric,log',
        'gantry events --after 0 -n 20 --json | jq .kind',
      ],
      load: () => import('../commands/platform/events.ts'),
    },
    {
      name: 'status',
      summary: 'show whether the platform answers, and who you are to it',
      prints: 'Status',
      examples: ['gantry status'],
      load: () => import('../commands/platform/status.ts'),
    },
    {
      name: 'hosts',
      summary: 'show the machines of the platform: processors, memory, disk; for its administrators',
      prints: 'Host[]',
      examples: ['gantry hosts'],
      load: () => import('../commands/platform/hosts.ts'),
    },
    {
      name: 'master-key',
      summary: 'show the name of the key that all secrets are sealed with; for administrators',
      prints: 'MasterKey',
      examples: ['gantry master-key'],
      load: () => import('../commands/platform/master-key.ts'),
    },
    {
      name: 'master-key:rotate',
      summary: 'seal all secrets with a new key; for administrators',
      details:
        'Config vars, keys of certificates, second factors and the like are sealed anew while everything goes on. The former key opens nothing afterwards, but backups made before need theirs. It takes a minute or more; a server that is stopped meanwhile goes on when it is back.',
      options: [{ flags: '--no-wait', says: 'do not wait until it is done' }],
      prints: 'MasterKey',
      examples: ['gantry master-key:rotate', 'gantry master-key:rotate --no-wait'],
      load: () => import('../commands/platform/rotate-master-key.ts'),
    },
    {
      name: 'regions',
      summary: 'list where apps can run',
      options: [
        { flags: '--common', says: 'only those that are shared by all' },
        { flags: '--private', says: 'only those that can be the own of somebody' },
      ],
      prints: 'Region[]',
      examples: ['gantry regions', 'gantry regions --common'],
      load: () => import('../commands/platform/regions.ts'),
    },
  ],
};
