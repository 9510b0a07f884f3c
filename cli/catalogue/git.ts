import type { TopicSpec } from '../command.ts';

export const git: TopicSpec = {
  title: 'Git',
  commands: [
    {
      name: 'git:remote',
      summary: 'point a git remote of this repository at an app',
      onApp: true,
      examples: ['gantry git:remote -a hello', 'gantry git:remote -a hello-staging -r staging'],
      load: () => import('../commands/git/remote.ts'),
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
      load: () => import('../commands/git/deploy-branch.ts'),
    },
  ],
};
