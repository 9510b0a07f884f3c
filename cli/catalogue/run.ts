import type { OptionSpec, TopicSpec } from '../command.ts';

const ENV: OptionSpec = {
  flags: '-e, --env <settings>',
  says: 'more environment: "NAME=value;OTHER=value"',
  joinedBy: ';',
};
const SIZE: OptionSpec = { flags: '-s, --size <name>', says: 'the size of the process' };
const TYPE: OptionSpec = {
  flags: '--type <type>',
  says: 'the process type it stands for; it must be there and changes nothing: image, config and size are the same',
};
const NO_LAUNCHER: OptionSpec = {
  flags: '--no-launcher',
  says: 'what happens anyway: no launcher is put before the command',
};
const NO_NOTIFY: OptionSpec = { flags: '--no-notify', says: 'what happens anyway: no desktop is told' };
const NO_TTY: OptionSpec = { flags: '--no-tty', says: 'without a terminal, also where there is one' };
const EXIT: OptionSpec = {
  flags: '-x, --exit-code',
  says: 'what happens anyway: the exit code is that of the command',
};

export const run: TopicSpec = {
  title: 'One-off processes',
  commands: [
    {
      name: 'run',
      summary: 'run a command in a fresh process of the current release',
      details:
        'The command may be a process type of the Procfile. It has your keyboard and screen, and its exit code becomes ours. The app may be the last word too: run bash -a NAME.',
      args: '[command...]',
      options: [ENV, SIZE, TYPE, NO_TTY, EXIT, NO_LAUNCHER, NO_NOTIFY],
      onApp: true,
      passThrough: true,
      prints: null,
      examples: [
        'gantry run bash',
        'gantry run -a hello -- npm run migrate',
        'gantry run --no-tty -- cat < dump.sql',
      ],
      load: () => import('../commands/run/run.ts'),
    },
    {
      name: 'run:detached',
      summary: 'run a command without waiting for it; its output goes to the log',
      args: '[command...]',
      options: [
        ENV,
        SIZE,
        TYPE,
        { flags: '-t, --tail', says: 'show what it prints until it has ended; its exit code becomes ours' },
        NO_LAUNCHER,
      ],
      onApp: true,
      passThrough: true,
      prints: 'Dyno',
      examples: ['gantry run:detached -- npm run import', 'gantry run:detached --tail -- npm run import'],
      load: () => import('../commands/run/detached.ts'),
    },
    {
      name: 'run:inside',
      summary: 'run a command inside a process that runs',
      args: '[process] [command...]',
      options: [ENV, NO_TTY, EXIT, NO_LAUNCHER],
      onApp: true,
      passThrough: true,
      prints: null,
      examples: ['gantry run:inside web.1 ls'],
      load: () => import('../commands/run/inside.ts'),
    },
    {
      name: 'ps:exec',
      summary: 'open a shell inside a process that runs, or run a command there',
      args: '[command...]',
      options: [
        { flags: '-d, --dyno <process>', says: 'which one (default: web.1)' },
        { flags: '--status', says: 'only list the processes that can be entered' },
        NO_TTY,
      ],
      onApp: true,
      passThrough: true,
      prints: null,
      examples: ['gantry ps:exec', 'gantry ps:exec -d worker.1 -- ps', 'gantry ps:exec --status'],
      load: () => import('../commands/ps/exec.ts'),
    },
    {
      name: 'ps:stop',
      aliases: ['ps:kill', 'stop', 'kill', 'dyno:stop', 'dyno:kill'],
      summary: 'stop a one-off process; instances are replaced by fresh ones',
      args: '[process]',
      options: [
        { flags: '-d, --dyno-name <process>', says: 'one instance, as clients of Heroku say it' },
        { flags: '-p, --process-type <type>', says: 'all instances of a process type, as they say it' },
      ],
      onApp: true,
      prints: ['Deployment', 'Nothing'],
      examples: ['gantry ps:stop run.1234', 'gantry ps:stop run', 'gantry ps:stop -d run.1234'],
      load: () => import('../commands/ps/stop.ts'),
    },
  ],
};
