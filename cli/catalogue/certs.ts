import type { OptionSpec, TopicSpec } from '../command.ts';

const NAME: readonly OptionSpec[] = [
  { flags: '--name <name>', says: 'which one, where the app has several' },
  { flags: '--endpoint <name>', says: 'the same, as clients of Heroku say it' },
];
const CONFIRM: OptionSpec = {
  flags: '-c, --confirm <name>',
  says: 'the name of the app again; asked for on a terminal',
};
const FILES =
  'The chain begins with the certificate of the host; files are in PEM form. Without files both are read from standard input, one after the other.';

export const certs: TopicSpec = {
  title: 'Certificates',
  commands: [
    {
      name: 'certs',
      summary: 'list the certificates of an app',
      onApp: true,
      prints: 'Certificate[]',
      examples: ['gantry certs'],
      load: () => import('../commands/certs/list.ts'),
    },
    {
      name: 'certs:add',
      summary: 'add a certificate with its private key',
      details: `${FILES} It is shown by the domains it is good for that have none yet, unless that is declined.`,
      args: '[chain] [key]',
      options: [{ flags: '--no-attach', says: 'let no domain show it yet, see domains:update' }],
      onApp: true,
      prints: 'Certificate',
      examples: ['gantry certs:add site.crt site.key', 'gantry certs:add -a hello < bundle.pem'],
      load: () => import('../commands/certs/add.ts'),
    },
    {
      name: 'certs:info',
      summary: 'show a certificate: its names, who issued it, when it ends',
      options: [
        ...NAME,
        { flags: '--show-domains', says: 'what happens anyway: with the domains that show it' },
      ],
      onApp: true,
      prints: 'Certificate',
      examples: ['gantry certs:info', 'gantry certs:info --name tokyo-12'],
      load: () => import('../commands/certs/info.ts'),
    },
    {
      name: 'certs:update',
      summary: 'replace a certificate by another one for the same domains',
      details: `${FILES} Who is connected stays so; the next handshake is shown the new one.`,
      args: '[chain] [key]',
      options: [...NAME, CONFIRM],
      onApp: true,
      prints: 'Certificate',
      examples: ['gantry certs:update site.crt site.key -a hello --confirm hello'],
      load: () => import('../commands/certs/update.ts'),
    },
    {
      name: 'certs:remove',
      summary: 'remove a certificate; its domains show that of the platform again',
      options: [...NAME, CONFIRM],
      onApp: true,
      prints: 'Certificate',
      examples: ['gantry certs:remove -a hello --name tokyo-12 --confirm hello'],
      load: () => import('../commands/certs/remove.ts'),
    },
    {
      name: 'certs:generate',
      summary: 'make a key with a signing request, or with a certificate that signs itself',
      details: 'Writes HOST.key and HOST.csr (or HOST.crt) into this folder. Needs openssl on this machine.',
      args: '<hostname>',
      options: [
        { flags: '--selfsigned', says: 'a certificate that signs itself, good for a year' },
        { flags: '--keysize <bits>', says: 'an RSA key of so many bits; else an EC key' },
        { flags: '--owner <name>', says: 'the organization it belongs to' },
        { flags: '--country <code>', says: 'of the owner, two letters' },
        { flags: '--area <name>', says: 'state or province of the owner' },
        { flags: '--city <name>', says: 'city of the owner' },
        { flags: '--subject <name>', says: 'the whole subject instead, such as /O=Example/CN=example.com' },
        { flags: '--now', says: 'what happens anyway: nothing is asked' },
        { flags: '-a, --app <name>', says: 'the app it is for, to say what to do with it' },
        { flags: '-r, --remote <name>', says: 'the git remote that names this app' },
      ],
      local: true,
      prints: 'CertificateFiles',
      examples: [
        'gantry certs:generate www.example.com --owner "Example Ltd" --country DE',
        'gantry certs:generate www.example.com --selfsigned',
      ],
      load: () => import('../commands/certs/generate.ts'),
    },
    {
      name: 'certs:auto',
      summary: 'show whether the platform gets certificates for the domains of an app, and how that goes',
      options: [{ flags: '--wait', says: 'stay until it is decided for every domain' }],
      onApp: true,
      prints: 'AutomaticCertificates',
      examples: ['gantry certs:auto', 'gantry certs:auto --wait'],
      load: () => import('../commands/certs/auto.ts'),
    },
    {
      name: 'certs:auto:enable',
      summary: 'have the platform get certificates for the domains of an app',
      options: [{ flags: '--wait', says: 'stay until every domain has one' }],
      onApp: true,
      prints: 'App',
      examples: ['gantry certs:auto:enable'],
      load: () => import('../commands/certs/auto-enable.ts'),
    },
    {
      name: 'certs:auto:disable',
      summary: 'have the platform get no certificates any more',
      options: [CONFIRM],
      onApp: true,
      prints: 'App',
      examples: ['gantry certs:auto:disable -a hello --confirm hello'],
      load: () => import('../commands/certs/auto-disable.ts'),
    },
    {
      name: 'certs:auto:refresh',
      summary: 'have the platform ask for certificates again, now',
      onApp: true,
      prints: 'App',
      examples: ['gantry certs:auto:refresh'],
      load: () => import('../commands/certs/auto-refresh.ts'),
    },
  ],
};
