import type { TopicSpec } from '../command.ts';

export const users: TopicSpec = {
  title: 'People (for administrators)',
  commands: [
    {
      name: 'users',
      summary: 'list who has an account',
      prints: 'User[]',
      examples: ['gantry users'],
      load: () => import('../commands/users/list.ts'),
    },
    {
      name: 'users:add',
      summary: 'make an account and an invitation to it, shown this once',
      args: '<email>',
      options: [{ flags: '--admin', says: 'an administrator of the platform' }],
      prints: 'Invitation',
      examples: ['gantry users:add ann@example.com'],
      load: () => import('../commands/users/add.ts'),
    },
    {
      name: 'users:invite',
      summary: 'make another invitation, for one that expired or a forgotten password',
      args: '<email>',
      prints: 'Invitation',
      examples: ['gantry users:invite ann@example.com'],
      load: () => import('../commands/users/invite.ts'),
    },
    {
      name: 'users:admin',
      summary: 'make somebody an administrator of the platform, or no longer',
      args: '<email>',
      options: [{ flags: '--revoke', says: 'an administrator no longer' }],
      prints: 'User',
      examples: ['gantry users:admin ann@example.com', 'gantry users:admin ann@example.com --revoke'],
      load: () => import('../commands/users/admin.ts'),
    },
    {
      name: 'users:remove',
      summary: 'remove an account that owns no apps',
      args: '<email>',
      options: [{ flags: '-c, --confirm <email>', says: 'say the email again' }],
      prints: 'User',
      examples: ['gantry users:remove ann@example.com --confirm ann@example.com'],
      load: () => import('../commands/users/remove.ts'),
    },
  ],
};
