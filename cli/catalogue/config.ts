import type { OptionSpec, TopicSpec } from '../command.ts';

const NO_RESTART: OptionSpec = {
  flags: '--no-restart',
  says: 'as Dokku’s; it cannot be so here: the release is rolled out, dropping no request',
};

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
      summary: 'print the values of config vars, each on a line of its own, and nothing else',
      details:
        'Exits with 1 when one of them is not set, after the values of the others; its own line is empty then.',
      args: '<key...>',
      options: [{ flags: '-s, --shell', says: 'print them as lines a shell can read: KEY=value' }],
      onApp: true,
      prints: 'ConfigVars',
      examples: ['gantry config:get DATABASE_URL', 'gantry config:get DATABASE_URL CACHE_URL --shell'],
      load: () => import('../commands/config/get.ts'),
    },
    {
      name: 'config:export',
      summary: 'print all config vars for a program that reads them',
      details:
        'The formats are exports (lines that a shell runs: export KEY=value), envfile (KEY=value), shell (all on one line, to be put before a command) and json.',
      options: [
        { flags: '-f, --format <format>', says: 'exports, envfile, shell or json (default: exports)' },
        { flags: '--merged', says: 'what happens anyway: there are no config vars of all apps to be merged' },
      ],
      onApp: true,
      prints: 'ConfigVars',
      examples: ['gantry config:export > env.sh', 'gantry config:export --format envfile > .env'],
      load: () => import('../commands/config/export.ts'),
    },
    {
      name: 'config:edit',
      summary: 'change config vars in your editor, all of them or the value of one',
      details:
        'Starts what VISUAL or EDITOR says (else, on a terminal, vi) on a file that only you can read and that is gone afterwards. A config var whose line is removed is removed. What differs is shown, on a terminal after a question, and becomes one release; when the editor fails, or nothing differs, nothing is changed.',
      args: '[key]',
      options: [{ flags: '-y, --yes', says: 'do not ask whether the difference is meant' }],
      onApp: true,
      deploys: true,
      local: true,
      prints: 'ConfigVars',
      examples: ['gantry config:edit', 'gantry config:edit MOTD -a hello'],
      load: () => import('../commands/config/edit.ts'),
    },
    {
      name: 'config:set',
      aliases: ['config:add'],
      summary: 'set config vars; makes a release and rolls it out',
      args: '<KEY=value...>',
      options: [NO_RESTART],
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
      options: [NO_RESTART],
      onApp: true,
      deploys: true,
      prints: 'ConfigVars',
      examples: ['gantry config:unset LOG_LEVEL'],
      load: () => import('../commands/config/unset.ts'),
    },
  ],
};
