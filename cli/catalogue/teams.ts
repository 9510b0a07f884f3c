import type { OptionSpec, TopicSpec } from '../command.ts';

const TEAM: OptionSpec = { flags: '-t, --team <name>', says: 'the team' };
const ROLE: OptionSpec = { flags: '-r, --role <role>', says: 'admin, member, viewer or collaborator' };

export const teams: TopicSpec = {
  title: 'Teams',
  commands: [
    {
      name: 'teams',
      aliases: ['orgs'],
      summary: 'list the teams you are in',
      prints: 'Team[]',
      examples: ['gantry teams'],
      load: () => import('../commands/teams/list.ts'),
    },
    {
      name: 'teams:create',
      summary: 'make a team, with yourself as its administrator',
      args: '<name>',
      prints: 'Team',
      examples: ['gantry teams:create acme'],
      load: () => import('../commands/teams/create.ts'),
    },
    {
      name: 'teams:info',
      summary: 'show a team: your role, its members and its apps',
      args: '<team>',
      prints: 'TeamInfo',
      examples: ['gantry teams:info acme'],
      load: () => import('../commands/teams/info.ts'),
    },
    {
      name: 'teams:rename',
      summary: 'give a team another name',
      args: '<team> <name>',
      prints: 'Team',
      examples: ['gantry teams:rename acme acme-corp'],
      load: () => import('../commands/teams/rename.ts'),
    },
    {
      name: 'teams:destroy',
      summary: 'remove a team that has no apps',
      args: '<team>',
      options: [
        { flags: '-c, --confirm <name>', says: 'the name of the team again; asked for on a terminal' },
      ],
      prints: 'Team',
      examples: ['gantry teams:destroy acme --confirm acme'],
      load: () => import('../commands/teams/destroy.ts'),
    },
    {
      name: 'members',
      summary: 'list the members of a team',
      options: [TEAM, ROLE, { flags: '--pending', says: 'only those who have not accepted yet' }],
      prints: 'TeamMember[]',
      examples: ['gantry members -t acme', 'gantry members -t acme --role admin'],
      load: () => import('../commands/members/list.ts'),
    },
    {
      name: 'members:add',
      summary: 'make somebody with an account here a member of a team',
      details:
        'An admin may do everything with the team and its apps; a member sees them and may join those that are not locked; a viewer sees them; a collaborator sees only those they were given access to.',
      args: '<email>',
      options: [TEAM, { ...ROLE, says: `${ROLE.says} (default: member)` }],
      prints: 'TeamMember',
      examples: [
        'gantry members:add ann@example.com -t acme',
        'gantry members:add ann@example.com -t acme -r admin',
      ],
      load: () => import('../commands/members/add.ts'),
    },
    {
      name: 'members:set',
      summary: 'change what a member is in a team',
      args: '<email>',
      options: [TEAM, ROLE],
      prints: 'TeamMember',
      examples: ['gantry members:set ann@example.com -t acme -r viewer'],
      load: () => import('../commands/members/set.ts'),
    },
    {
      name: 'members:remove',
      summary: 'remove a member from a team, with all their rights on its apps; ~ is yourself',
      args: '<email>',
      options: [TEAM],
      prints: 'TeamMember',
      examples: ['gantry members:remove ann@example.com -t acme', "gantry members:remove '~' -t acme"],
      load: () => import('../commands/members/remove.ts'),
    },
  ],
};
