import type { Client } from '../server/contract/client.ts';
import type { CommandSpec, Context, Options } from './command.ts';
import { readConfig, type CliConfig } from './config.ts';
import { UsageError } from './failures.ts';
import { readFileOf } from './files.ts';
import { REMOTE, remoteName } from './remote-name.ts';
import { appOfRemote, createGit, NO_GIT } from './git.ts';
import type { System } from './system.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

/** Everything a command works with, made when it is needed. */
export function openContext(
  given: Readonly<Record<string, unknown>>,
  system: System,
  commands: readonly CommandSpec[],
): Context {
  const config = readConfig(system.env);
  const options = optionsFrom(given);
  const git = system.local ? createGit(system.cwd) : NO_GIT;
  const { terminal, signal } = system;
  let client: Promise<Client> | undefined;

  return {
    terminal,
    config,
    git,
    options,
    commands,
    cwd: system.cwd,
    signal,
    now: system.now,
    launch: system.launch,
    attach: system.attach,
    ends: system.ends,
    async meet(secret, ends) {
      const [{ meetRun }, { findCredentials }] = await Promise.all([
        import('./run-client.ts'),
        import('./credentials.ts'),
      ]);
      return await meetRun((await findCredentials(config)).url, secret, ends, signal);
    },
    local: system.local,
    readFile: system.local ? readFileOf(system.cwd) : refuseFile,
    client() {
      client ??= connect(config, terminal);
      return client;
    },
    async app() {
      const remote = options.text('remote');
      const named = options.text('app') ?? (remote === undefined ? config.app : undefined);
      if (named !== undefined) return named;
      if (!system.local) throw new UsageError('Which app? Name it with --app NAME.');
      const url = await git.remoteUrl(remoteName(remote ?? REMOTE), signal);
      const app = url === undefined ? undefined : appOfRemote(url);
      if (app !== undefined) return app;
      throw new UsageError(
        remote === undefined
          ? 'Which app? Name it with --app NAME, set GANTRY_APP, or run this in a repository that has the git remote gantry.'
          : `The git remote ${remote} names no app here; name the app with --app NAME.`,
      );
    },
    result(value, human) {
      if (options.flag('json')) terminal.json(value);
      else human();
    },
  };
}

function refuseFile(path: string): Promise<never> {
  return Promise.reject(
    new UsageError(
      `${path} is a file on your own machine, which cannot be read from here; pass it on standard input.`,
    ),
  );
}

/** The client is loaded only for commands that talk to a server. */
async function connect(config: CliConfig, terminal: Terminal): Promise<Client> {
  const [{ createClient }, { findCredentials }, { createAsk }] = await Promise.all([
    import('../server/contract/client.ts'),
    import('./credentials.ts'),
    import('./ask.ts'),
  ]);
  return createClient({
    ...(await findCredentials(config)),
    ask: createAsk(config),
    userAgent: `gantry/${VERSION}`,
    warned: (warning) => terminal.note(`Warning: ${warning}`),
  });
}

function optionsFrom(given: Readonly<Record<string, unknown>>): Options {
  return {
    flag: (name) => given[name] === true,
    declined: (name) => given[name] === false,
    text(name) {
      const value = given[name];
      return typeof value === 'string' ? value : undefined;
    },
  };
}
