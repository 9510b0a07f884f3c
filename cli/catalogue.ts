import type { CommandSpec, OptionSpec, TopicSpec } from './command.ts';

/** Options that several commands share. */
const JSON_OPTION: OptionSpec = { flags: '--json', says: 'print the result as JSON' };
const APP_OPTIONS: readonly OptionSpec[] = [
  { flags: '-a, --app <name>', says: 'the app; else GANTRY_APP, else the git remote' },
  { flags: '-r, --remote <name>', says: 'the git remote that names the app (default: gantry)' },
];
const WAIT_OPTION: OptionSpec = { flags: '--no-wait', says: 'do not wait until the change has taken effect' };

/** All options of a command, in the order of its help. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [
    ...(command.options ?? []),
    ...(command.onApp ? APP_OPTIONS : []),
    ...(command.deploys ? [WAIT_OPTION] : []),
    JSON_OPTION,
  ];
}

const apps: TopicSpec = {
  title: 'Apps',
  commands: [
    {
      name: 'apps',
      aliases: ['apps:list'],
      summary: 'list the apps you may see',
      examples: ['gantry apps', 'gantry apps --json'],
      load: () => import('./commands/apps/list.ts'),
    },
    {
      name: 'apps:create',
      aliases: ['create'],
      summary: 'create an app, and the git remote that deploys it',
      details:
        'Without a name the platform chooses one. Inside a git repository the remote is added; an existing one of that name is left alone.',
      args: '[name]',
      options: [
        { flags: '-r, --remote <name>', says: 'name of the git remote (default: gantry)' },
        { flags: '--no-remote', says: 'add no git remote' },
      ],
      examples: ['gantry apps:create hello', 'gantry apps:create hello --no-remote'],
      load: () => import('./commands/apps/create.ts'),
    },
    {
      name: 'apps:info',
      aliases: ['info'],
      summary: 'show an app: its URL, git URL, owner and last release',
      args: '[name]',
      onApp: true,
      examples: ['gantry apps:info hello'],
      load: () => import('./commands/apps/info.ts'),
    },
    {
      name: 'apps:destroy',
      aliases: ['destroy'],
      summary: 'destroy an app with everything it has; cannot be undone',
      args: '[name]',
      options: [{ flags: '--confirm <name>', says: 'the name of the app again; required' }],
      onApp: true,
      examples: ['gantry apps:destroy hello --confirm hello'],
      load: () => import('./commands/apps/destroy.ts'),
    },
    {
      name: 'open',
      aliases: ['apps:open'],
      summary: 'open the app in a browser; where there is none, print its URL',
      args: '[path]',
      onApp: true,
      examples: ['gantry open', 'gantry open /admin'],
      load: () => import('./commands/apps/open.ts'),
    },
    {
      name: 'git:remote',
      summary: 'point a git remote of this repository at an app',
      onApp: true,
      examples: ['gantry git:remote -a hello', 'gantry git:remote -a hello-staging -r staging'],
      load: () => import('./commands/git/remote.ts'),
    },
    {
      name: 'git:deploy-branch',
      summary: 'show or set the branch whose pushes deploy the app',
      details:
        'Unless one is set it is main or master, whichever is deployed first. A push of any other branch stores and deploys nothing.',
      args: '[branch]',
      options: [{ flags: '--unset', says: 'go back to main or master' }],
      onApp: true,
      examples: [
        'gantry git:deploy-branch',
        'gantry git:deploy-branch live',
        'gantry git:deploy-branch --unset',
      ],
      load: () => import('./commands/git/deploy-branch.ts'),
    },
  ],
};

const config: TopicSpec = {
  title: 'Config',
  commands: [
    {
      name: 'config',
      summary: 'show all config vars of an app',
      options: [{ flags: '-s, --shell', says: 'print them as lines a shell can read' }],
      onApp: true,
      examples: ['gantry config', 'gantry config --shell > .env'],
      load: () => import('./commands/config/show.ts'),
    },
    {
      name: 'config:get',
      summary: 'print the value of one config var, and nothing else',
      details: 'Exits with 1 when it is not set.',
      args: '<key>',
      onApp: true,
      examples: ['gantry config:get DATABASE_URL'],
      load: () => import('./commands/config/get.ts'),
    },
    {
      name: 'config:set',
      summary: 'set config vars; makes a release and rolls it out',
      args: '<KEY=value...>',
      onApp: true,
      deploys: true,
      examples: ['gantry config:set LOG_LEVEL=debug GREETING="hello world"'],
      load: () => import('./commands/config/set.ts'),
    },
    {
      name: 'config:unset',
      aliases: ['config:remove'],
      summary: 'remove config vars; makes a release and rolls it out',
      args: '<key...>',
      onApp: true,
      deploys: true,
      examples: ['gantry config:unset LOG_LEVEL'],
      load: () => import('./commands/config/unset.ts'),
    },
  ],
};

const processes: TopicSpec = {
  title: 'Processes and logs',
  commands: [
    {
      name: 'ps',
      aliases: ['ps:list'],
      summary: 'show what runs',
      onApp: true,
      examples: ['gantry ps', 'gantry ps --json'],
      load: () => import('./commands/ps/list.ts'),
    },
    {
      name: 'ps:scale',
      aliases: ['scale'],
      summary: 'change how many instances run; without arguments, show it',
      args: '[change...]',
      onApp: true,
      deploys: true,
      examples: ['gantry ps:scale', 'gantry ps:scale web=2 worker+1', 'gantry ps:scale worker=0'],
      load: () => import('./commands/ps/scale.ts'),
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
      examples: ['gantry ps:restart', 'gantry ps:restart web.1'],
      load: () => import('./commands/ps/restart.ts'),
    },
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
      examples: ['gantry logs --tail', 'gantry logs -n 20 -p worker'],
      load: () => import('./commands/ps/logs.ts'),
    },
  ],
};

const releases: TopicSpec = {
  title: 'Releases',
  commands: [
    {
      name: 'releases',
      summary: 'list releases, newest first',
      options: [{ flags: '-n, --num <count>', says: 'how many (default: 15)' }],
      onApp: true,
      examples: ['gantry releases', 'gantry releases -n 3 --json'],
      load: () => import('./commands/releases/list.ts'),
    },
    {
      name: 'releases:info',
      summary: 'show one release, by default the newest',
      args: '[version]',
      onApp: true,
      examples: ['gantry releases:info v12'],
      load: () => import('./commands/releases/info.ts'),
    },
    {
      name: 'rollback',
      aliases: ['releases:rollback'],
      summary: 'go back to an earlier release, by default the one before; code and config',
      args: '[version]',
      onApp: true,
      deploys: true,
      examples: ['gantry rollback', 'gantry rollback v12'],
      load: () => import('./commands/releases/rollback.ts'),
    },
  ],
};

const account: TopicSpec = {
  title: 'Account',
  commands: [
    {
      name: 'login',
      aliases: ['auth:login'],
      summary: 'remember a server and a token',
      details: 'The token is asked for on a terminal, else read from standard input.',
      options: [
        { flags: '--url <url>', says: 'the API of the server (default: GANTRY_API_URL, else this machine)' },
      ],
      examples: ['gantry login', 'gantry login --url https://api.example.com < token'],
      load: () => import('./commands/account/login.ts'),
    },
    {
      name: 'logout',
      aliases: ['auth:logout'],
      summary: 'forget the remembered token',
      examples: ['gantry logout'],
      load: () => import('./commands/account/logout.ts'),
    },
    {
      name: 'whoami',
      aliases: ['auth:whoami'],
      summary: 'show who you are to the server',
      examples: ['gantry whoami'],
      load: () => import('./commands/account/whoami.ts'),
    },
    {
      name: 'keys',
      summary: 'list the SSH keys that may push as you',
      examples: ['gantry keys'],
      load: () => import('./commands/keys/list.ts'),
    },
    {
      name: 'keys:add',
      summary: 'add an SSH public key, by default your own',
      args: '[file]',
      examples: ['gantry keys:add', 'gantry keys:add deploy.pub'],
      load: () => import('./commands/keys/add.ts'),
    },
    {
      name: 'keys:remove',
      summary: 'remove an SSH key, by its comment, fingerprint or id',
      args: '<key>',
      examples: ['gantry keys:remove me@laptop'],
      load: () => import('./commands/keys/remove.ts'),
    },
    {
      name: 'version',
      summary: 'show the version of this command',
      examples: ['gantry version'],
      load: () => import('./commands/account/version.ts'),
    },
  ],
};

/** Every command there is, by topic. */
export const CATALOGUE: readonly TopicSpec[] = [apps, config, processes, releases, account];
