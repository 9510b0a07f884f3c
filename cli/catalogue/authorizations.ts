import type { OptionSpec, TopicSpec } from '../command.ts';

const DESCRIPTION: OptionSpec = { flags: '-d, --description <text>', says: 'what it is for' };

export const authorizations: TopicSpec = {
  title: 'Tokens and logins',
  commands: [
    {
      name: 'authorizations',
      summary: 'list your tokens',
      prints: 'Authorization[]',
      examples: ['gantry authorizations'],
      load: () => import('../commands/authorizations/list.ts'),
    },
    {
      name: 'authorizations:create',
      summary: 'make a token for a program, shown this once',
      details:
        'A scope is global, identity, read, write, read-protected, write-protected (only the last two with config vars and with commands in an app, which see them; write gives nothing away, and no rights), or deploy:APP, which ships one app and nothing else. It ends after 90 days unless told otherwise. One that is bound to addresses (--from) is refused from all others, and neither makes nor renews what lets somebody in from anywhere: other tokens, SSH keys, passwords, invitations.',
      options: [
        DESCRIPTION,
        { flags: '-s, --scope <scopes>', says: 'what it is good for, by commas (default: global)' },
        { flags: '-e, --expires-in <time>', says: 'how long it lives: 3600, 12h, 30d, or never' },
        { flags: '-f, --from <networks>', says: 'where it may be used, by commas: 192.0.2.4,10.0.0.0/8' },
        { flags: '-S, --short', says: 'print the token and nothing else' },
      ],
      prints: 'Authorization',
      examples: [
        'gantry authorizations:create -d ci -s deploy:hello',
        'gantry authorizations:create -d backup -s read -e 30d --short',
        'gantry authorizations:create -d runner -s deploy:hello --from 192.0.2.0/24',
      ],
      load: () => import('../commands/authorizations/create.ts'),
    },
    {
      name: 'authorizations:info',
      summary: 'show a token, without its secret',
      args: '<id>',
      prints: 'Authorization',
      examples: ['gantry authorizations:info ~'],
      load: () => import('../commands/authorizations/info.ts'),
    },
    {
      name: 'authorizations:update',
      summary: 'describe a token anew',
      args: '<id>',
      options: [DESCRIPTION],
      prints: 'Authorization',
      examples: ['gantry authorizations:update 01234567-89ab-cdef-0123-456789abcdef -d "ci of hello"'],
      load: () => import('../commands/authorizations/update.ts'),
    },
    {
      name: 'authorizations:rotate',
      summary: 'give a token a new secret, shown this once; the old one ends at once',
      args: '<id>',
      prints: 'Authorization',
      examples: ['gantry authorizations:rotate 01234567-89ab-cdef-0123-456789abcdef'],
      load: () => import('../commands/authorizations/rotate.ts'),
    },
    {
      name: 'authorizations:revoke',
      aliases: ['authorizations:destroy'],
      summary: 'revoke a token; what it opened is closed within seconds',
      args: '<id>',
      prints: 'Authorization',
      examples: ['gantry authorizations:revoke 01234567-89ab-cdef-0123-456789abcdef'],
      load: () => import('../commands/authorizations/revoke.ts'),
    },
    {
      name: 'sessions',
      summary: 'list your logins',
      prints: 'Session[]',
      examples: ['gantry sessions'],
      load: () => import('../commands/sessions/list.ts'),
    },
    {
      name: 'sessions:destroy',
      summary: 'end a login',
      args: '<id>',
      prints: 'Session',
      examples: ['gantry sessions:destroy 01234567-89ab-cdef-0123-456789abcdef'],
      load: () => import('../commands/sessions/destroy.ts'),
    },
  ],
};
