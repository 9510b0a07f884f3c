import type { TopicSpec } from '../command.ts';
import { LISTING_OPTIONS } from '../listing-options.ts';

export const domains: TopicSpec = {
  title: 'Domains',
  commands: [
    {
      name: 'domains',
      summary: 'list the hosts that lead to an app, and where their DNS must lead',
      details: '--filter and --sort hold for --json, too.',
      options: LISTING_OPTIONS,
      onApp: true,
      prints: 'Domain[]',
      examples: [
        'gantry domains',
        'gantry domains --csv > domains.csv',
        "gantry domains --filter 'domain name=example' --sort certificate -x",
      ],
      load: () => import('../commands/domains/list.ts'),
    },
    {
      name: 'domains:add',
      summary: 'have a host of your own lead to an app',
      details:
        'With *. before it, all hosts one label below. Let its DNS lead to the target that is shown; until then nobody arrives.',
      args: '<hostname>',
      options: [
        { flags: '-c, --cert <name>', says: 'the certificate its visitors are shown, see certs' },
        { flags: '--wait', says: 'stay until it is served' },
      ],
      onApp: true,
      prints: 'Domain',
      examples: ['gantry domains:add www.example.com', "gantry domains:add '*.example.com' --cert tokyo-12"],
      load: () => import('../commands/domains/add.ts'),
    },
    {
      name: 'domains:info',
      summary: 'show a domain',
      args: '<hostname>',
      onApp: true,
      prints: 'Domain',
      examples: ['gantry domains:info www.example.com'],
      load: () => import('../commands/domains/info.ts'),
    },
    {
      name: 'domains:update',
      summary: 'choose the certificate that visitors of a domain are shown',
      args: '<hostname>',
      options: [
        { flags: '--cert <name>', says: 'its name, see certs' },
        { flags: '--no-cert', says: 'that of the platform again' },
      ],
      onApp: true,
      prints: 'Domain',
      examples: [
        'gantry domains:update www.example.com --cert tokyo-12',
        'gantry domains:update www.example.com --no-cert',
      ],
      load: () => import('../commands/domains/update.ts'),
    },
    {
      name: 'domains:wait',
      summary: 'wait until a domain is served, by default all of the app',
      args: '[hostname]',
      onApp: true,
      prints: 'Domain[]',
      examples: ['gantry domains:wait www.example.com'],
      load: () => import('../commands/domains/wait.ts'),
    },
    {
      name: 'domains:remove',
      summary: 'remove a domain; its host leads nowhere at once',
      args: '<hostname>',
      onApp: true,
      prints: 'Domain',
      examples: ['gantry domains:remove www.example.com'],
      load: () => import('../commands/domains/remove.ts'),
    },
    {
      name: 'domains:clear',
      summary: 'remove all domains of an app but its own address',
      options: [
        { flags: '-c, --confirm <name>', says: 'the name of the app again; asked for on a terminal' },
      ],
      onApp: true,
      prints: 'Domain[]',
      examples: ['gantry domains:clear -a hello --confirm hello'],
      load: () => import('../commands/domains/clear.ts'),
    },
  ],
};
