import type { TopicSpec } from '../command.ts';

export const account: TopicSpec = {
  title: 'Account',
  commands: [
    {
      name: 'login',
      aliases: ['auth:login'],
      summary: 'log in to a server',
      details:
        'On a terminal a browser opens, in which you approve the login. With --interactive it asks for email, password and second factor (or reads them, a line each, from standard input). With --token, or without a terminal, it takes a token.',
      options: [
        { flags: '-i, --interactive', says: 'by email and password' },
        { flags: '--browser', says: 'by a browser, also without a terminal' },
        { flags: '--token', says: 'by a token, typed or from standard input' },
        { flags: '--url <url>', says: 'the API of the server (default: GANTRY_API_URL, else this machine)' },
      ],
      local: true,
      examples: ['gantry login', 'gantry login -i', 'gantry login --url https://api.example.com < token'],
      load: () => import('../commands/account/login.ts'),
    },
    {
      name: 'login:accept',
      summary: 'accept an invitation: choose the password of your account',
      options: [
        { flags: '--url <url>', says: 'the API of the server (default: GANTRY_API_URL, else this machine)' },
      ],
      local: true,
      examples: ['gantry login:accept --url https://api.example.com'],
      load: () => import('../commands/account/accept.ts'),
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
    {
      name: 'account:password',
      summary: 'change your password, and end every other login of yours',
      examples: ['gantry account:password'],
      load: () => import('../commands/account/password.ts'),
    },
    {
      name: 'auth:2fa',
      aliases: ['2fa'],
      summary: 'show whether your logins need a second factor',
      examples: ['gantry auth:2fa'],
      load: () => import('../commands/two-factor/show.ts'),
    },
    {
      name: 'auth:2fa:enable',
      aliases: ['2fa:enable'],
      summary: 'have your logins need a code of an authenticator app',
      examples: ['gantry auth:2fa:enable'],
      load: () => import('../commands/two-factor/enable.ts'),
    },
    {
      name: 'auth:2fa:disable',
      aliases: ['2fa:disable'],
      summary: 'remove the second factor',
      examples: ['gantry auth:2fa:disable'],
      load: () => import('../commands/two-factor/disable.ts'),
    },
  ],
};
