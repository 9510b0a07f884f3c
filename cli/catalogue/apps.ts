import type { TopicSpec } from '../command.ts';

export const apps: TopicSpec = {
  title: 'Apps',
  commands: [
    {
      name: 'apps',
      aliases: ['apps:list'],
      summary: 'list the apps you may see',
      examples: ['gantry apps', 'gantry apps --json'],
      load: () => import('../commands/apps/list.ts'),
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
        { flags: '--https', says: 'lead the git remote over HTTP instead of SSH' },
      ],
      examples: [
        'gantry apps:create hello',
        'gantry apps:create hello --https',
        'gantry apps:create hello --no-remote',
      ],
      load: () => import('../commands/apps/create.ts'),
    },
    {
      name: 'apps:info',
      aliases: ['info'],
      summary: 'show an app: its URL, git URL, owner and last release',
      args: '[name]',
      onApp: true,
      examples: ['gantry apps:info hello'],
      load: () => import('../commands/apps/info.ts'),
    },
    {
      name: 'apps:rename',
      aliases: ['rename'],
      summary: 'give an app another name',
      details: 'It serves under the new name as soon as this answers, and no more under the old one.',
      args: '<name>',
      onApp: true,
      examples: ['gantry apps:rename newname -a hello'],
      load: () => import('../commands/apps/rename.ts'),
    },
    {
      name: 'apps:destroy',
      aliases: ['destroy'],
      summary: 'destroy an app with everything it has; cannot be undone',
      args: '[name]',
      options: [{ flags: '--confirm <name>', says: 'the name of the app again; asked for on a terminal' }],
      onApp: true,
      examples: ['gantry apps:destroy hello --confirm hello'],
      load: () => import('../commands/apps/destroy.ts'),
    },
    {
      name: 'open',
      aliases: ['apps:open'],
      summary: 'open the app in a browser; where there is none, print its URL',
      args: '[path]',
      onApp: true,
      local: true,
      examples: ['gantry open', 'gantry open /admin'],
      load: () => import('../commands/apps/open.ts'),
    },
  ],
};
