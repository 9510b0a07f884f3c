import type { TopicSpec } from '../command.ts';

export const account: TopicSpec = {
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
      local: true,
      examples: ['gantry login', 'gantry login --url https://api.example.com < token'],
      load: () => import('../commands/account/login.ts'),
    },
    {
      name: 'logout',
      aliases: ['auth:logout'],
      summary: 'end the session on the server and forget its token',
      local: true,
      examples: ['gantry logout'],
      load: () => import('../commands/account/logout.ts'),
    },
    {
      name: 'whoami',
      aliases: ['auth:whoami'],
      summary: 'show who you are to the server',
      examples: ['gantry whoami'],
      load: () => import('../commands/account/whoami.ts'),
    },
    {
      name: 'auth:token',
      summary: 'print the token that commands use',
      local: true,
      examples: ['gantry auth:token'],
      load: () => import('../commands/account/token.ts'),
    },
  ],
};
