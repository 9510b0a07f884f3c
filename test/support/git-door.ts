import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortController } from '../../lib/abort.ts';
import { run, runOrThrow, type Finished } from '../../lib/child.ts';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createGitRepositories, type GitRepositories } from '../../server/adapters/git/repositories.ts';
import type { SourceLimits } from '../../lib/source-limits.ts';
import { EVERYTHING, type Actor } from '../../server/domain/actor.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Console } from '../../server/ports/console.ts';
import type { Offer, Pushes } from '../../server/services/pushes.ts';
import { fingerprintOf } from '../../server/domain/ssh-key.ts';
import { createGitCommands } from '../../server/git/commands.ts';
import type { GitLimits } from '../../server/git/limits.ts';
import { createHttpDoor } from '../../server/http/door.ts';
import { createSshDoor } from '../../server/ssh/door.ts';
import type { SshLimits } from '../../server/ssh/limits.ts';
import { createWorld } from './world.ts';

/** The real doors with real repositories; only the deploy behind a push is what the test says. */
export interface GitDoor extends AsyncDisposable {
  readonly home: string;
  readonly port: number;
  readonly repositories: GitRepositories;
  /** Registers an app of this person; its repository's path. */
  addApp(name: string, owner: string): Promise<string>;
  /** Makes a key pair and registers it for this person, unless told otherwise; the private key's path. */
  addKey(person: string, options?: { readonly type?: string; readonly register?: boolean }): Promise<string>;
  /** Makes a token for this person. */
  addToken(person: string): string;
  /** Forgets the keys and tokens of this person. */
  revoke(person: string): void;
  /** Makes this person an administrator, who sees every app, or an ordinary one again. */
  setAdmin(person: string, admin: boolean): void;
  /** Runs the real git over the real ssh with this key. */
  git(key: string, args: readonly string[], cwd?: string): Promise<Finished>;
  /** The same, to be watched or killed; the client's ssh is in its process group. */
  gitLive(key: string, args: readonly string[], cwd?: string): ChildProcess;
  ssh(key: string, args: readonly string[]): Promise<Finished>;
  /** What the real ssh is called with to use this key here, before `user@host`. */
  sshArgs(key: string): string[];
  url(app: string): string;
  /** Where the HTTP door listens. */
  readonly http: string;
  /** With this token, if any, as git keeps credentials in URLs. */
  httpUrl(app: string, token?: string): string;
  /** A working copy with one commit, in a folder of its own. */
  workTree(files?: Readonly<Record<string, string>>): Promise<string>;
  /** Stops the door only, as an ending server does. */
  close(): Promise<void>;
}

export interface GitDoorOptions {
  /** The platform's commands; without it there are none. */
  readonly console?: Console;
  readonly limits?: Partial<SshLimits & GitLimits>;
  readonly sourceLimits?: Partial<SourceLimits>;
  /** What happens to a push whose source was taken; default: it succeeds at once. */
  readonly deploy?: (push: Offer & { readonly buildId: string }, signal: AbortSignal) => Promise<boolean>;
}

const AUTHOR = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgSign=false'];

/** Commits everything in a working copy; the new commit's id. */
export async function commitAll(tree: string, message: string): Promise<string> {
  const signal = new AbortController().signal;
  await runOrThrow('git', ['-C', tree, 'add', '-A'], {}, signal);
  await runOrThrow(
    'git',
    ['-C', tree, ...AUTHOR, 'commit', '-q', '--allow-empty', '-m', message],
    {},
    signal,
  );
  return (await runOrThrow('git', ['-C', tree, 'rev-parse', 'HEAD'], {}, signal)).trim();
}

export async function openGitDoor(options: GitDoorOptions = {}): Promise<GitDoor> {
  const { signal } = abortController();
  const home = await mkdtemp(join(tmpdir(), 'gantry-door-'));
  const people = new Map<string, Actor>();
  const apps = new Map<string, { readonly id: string; readonly owner: string }>();
  const repositories = createGitRepositories({
    root: join(home, 'repos'),
    sources: join(home, 'sources'),
    ...(options.sourceLimits && { limits: options.sourceLimits }),
  });
  const pushes: Pushes = {
    async open(actor, name, _access, opening) {
      const app = apps.get(name);
      if (!app || (app.owner !== actor.email && !actor.admin))
        throw PlatformError.of('not_found', { resource: 'app', name });
      return { appId: app.id, path: await repositories.ensure(app.id, opening), leave: () => undefined };
    },
    async receive(_actor, appId, offer, receiving) {
      const update = offer.updates.find((one) => one.to !== null);
      if (!update?.to) throw PlatformError.of('push_refused', { reason: 'it deletes a branch' });
      const buildId = randomUUID();
      const build = { id: buildId, commit: update.to, quarantine: offer.quarantine };
      await repositories.receive(appId, build, receiving);
      return options.deploy ? await options.deploy({ ...offer, buildId }, receiving) : true;
    },
  };
  const hostKey = join(home, 'host_key');
  await runOrThrow('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey], {}, signal);
  const log = quietLog();
  const limits = options.limits ?? {};
  const git = await createGitCommands({ pushes, hookSocket: join(home, 'push.sock'), log, limits });
  const door = await createSshDoor({
    hostKeys: [await readFile(hostKey, 'utf8')],
    port: 0,
    accounts: { authenticateKey: (fingerprint) => Promise.resolve(people.get(fingerprint)) },
    git,
    console: options.console ?? { run: greet },
    log,
    limits,
  });
  const tokens = new Map<string, Actor>();
  const world = createWorld();
  const authenticate = (token: string): Promise<Actor> => {
    const actor = tokens.get(token);
    return actor ? Promise.resolve(actor) : Promise.reject(PlatformError.of('unauthorized', {}));
  };
  const http = await createHttpDoor({
    services: { ...world.services, accounts: { ...world.services.accounts, authenticate } },
    git,
    log,
    version: '0.0.0-test',
    inControl: () => true,
    appsAreBack: () => true,
    domain: 'localhost',
    httpPort: 8080,
    sshPort: 2222,
    rendezvousPort: 7002,
    linkKey: new Secret('a key for tests'),
  }).listen(0);
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await git[Symbol.asyncDispose]();
    await http[Symbol.asyncDispose]();
    await door[Symbol.asyncDispose]();
  };
  const sshArgs = (key: string): string[] => [
    ...[
      '-F',
      '/dev/null',
      '-p',
      String(door.port),
      '-i',
      key,
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
    ],
    ...['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${join(home, 'known_hosts')}`],
    ...['-o', 'LogLevel=ERROR', '-o', 'IdentityAgent=none'],
  ];
  const env = (key: string): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: home,
    GIT_SSH_COMMAND: ['ssh', ...sshArgs(key)].join(' '),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  });

  return {
    home,
    port: door.port,
    repositories,
    addApp: async (name, owner) => {
      const id = randomUUID();
      apps.set(name, { id, owner });
      return repositories.ensure(id, signal);
    },
    addKey: async (person, { type = 'ed25519', register = true } = {}) => {
      const path = join(home, `key-${randomUUID()}`);
      await runOrThrow('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path], {}, signal);
      const [, data = ''] = (await readFile(`${path}.pub`, 'utf8')).split(' ');
      const actor = { userId: person, email: person, admin: false, scopes: EVERYTHING };
      if (register) people.set(fingerprintOf(Buffer.from(data, 'base64')), actor);
      return path;
    },
    addToken: (person) => {
      const token = `gantry_${randomBytes(32).toString('base64url')}`;
      tokens.set(token, { userId: person, email: person, admin: false, scopes: EVERYTHING });
      return token;
    },
    revoke: (person) => {
      for (const [token, actor] of tokens) if (actor.userId === person) tokens.delete(token);
      for (const [fingerprint, actor] of people) if (actor.userId === person) people.delete(fingerprint);
    },
    setAdmin: (person, admin) => {
      for (const [fingerprint, actor] of people)
        if (actor.userId === person) people.set(fingerprint, { ...actor, admin });
    },
    git: (key, args, cwd = home) => run('git', args, { env: env(key), cwd }, signal),
    gitLive: (key, args, cwd = home) => spawn('git', [...args], { env: env(key), cwd, detached: true }),
    ssh: (key, args) => run('ssh', [...sshArgs(key), ...args], {}, signal),
    sshArgs,
    url: (app) => `ssh://git@127.0.0.1:${door.port}/${app}.git`,
    http: `http://127.0.0.1:${http.port}`,
    httpUrl: (app, token) =>
      `http://${token === undefined ? '' : `git:${token}@`}127.0.0.1:${http.port}/${app}.git`,
    workTree: async (files = { 'index.html': 'hello\n' }) => {
      const tree = await mkdtemp(join(home, 'tree-'));
      await runOrThrow('git', ['init', '-q', '-b', 'main', tree], {}, signal);
      for (const [name, content] of Object.entries(files)) {
        await mkdir(join(tree, name, '..'), { recursive: true });
        await writeFile(join(tree, name), content);
      }
      await commitAll(tree, 'first');
      return tree;
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The only command of these tests: whoever is let in is greeted. */
const greet: Console['run'] = (_caller, line, { output, errors }) => {
  if (line === '') output.write('Hi alice\n');
  else errors.write(` !     This test has no command ${line.split(' ', 1).join('')}.\n`);
  return Promise.resolve(line === '' ? 0 : 1);
};
