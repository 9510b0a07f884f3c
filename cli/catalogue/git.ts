import type { TopicSpec } from '../command.ts';

export const git: TopicSpec = {
  title: 'Git',
  commands: [
    {
      name: 'git:remote',
      summary: 'point a git remote of this repository at an app',
      details:
        'Over SSH, which knows you by your key; or over HTTP at the address of the API, for which git gets your token from this command.',
      options: [{ flags: '--https', says: 'over HTTP instead of SSH' }],
      onApp: true,
      local: true,
      prints: 'GitRemote',
      examples: [
        'gantry git:remote -a hello',
        'gantry git:remote -a hello-staging -r staging',
        'gantry git:remote -a hello --https',
      ],
      load: () => import('../commands/git/remote.ts'),
    },
    {
      name: 'git:clone',
      summary: 'clone what was pushed to an app, with a git remote that leads back to it',
      details:
        'Into a folder of the name of the app, unless another is given. Over SSH, or over HTTP as git:remote does.',
      args: '[app] [directory]',
      options: [
        { flags: '--https', says: 'over HTTP instead of SSH' },
        { flags: '-a, --app <name>', says: 'the app, as clients of Heroku say it' },
        { flags: '-r, --remote <name>', says: 'what the git remote is called (default: gantry)' },
      ],
      local: true,
      prints: 'GitClone',
      examples: [
        'gantry git:clone hello',
        'gantry git:clone hello copy',
        'gantry git:clone -a hello --https',
      ],
      load: () => import('../commands/git/clone.ts'),
    },
    {
      name: 'git:credentials',
      summary: 'tell git the token of this server; git runs it, see git:remote --https',
      details: 'Speaks the protocol of gitcredentials(7) on standard input and output.',
      args: '<action>',
      local: true,
      prints: null,
      examples: ['gantry git:credentials get < question'],
      load: () => import('../commands/git/credentials.ts'),
    },
    {
      name: 'git:deploy-branch',
      summary: 'show or set the branch whose pushes deploy the app',
      details:
        'Unless one is set it is main or master, whichever is deployed first. A push of any other branch stores and deploys nothing.',
      args: '[branch]',
      options: [{ flags: '--unset', says: 'go back to main or master' }],
      onApp: true,
      prints: 'DeployBranch',
      examples: [
        'gantry git:deploy-branch',
        'gantry git:deploy-branch live',
        'gantry git:deploy-branch feature/login',
        'gantry git:deploy-branch --unset',
      ],
      load: () => import('../commands/git/deploy-branch.ts'),
    },
  ],
};
