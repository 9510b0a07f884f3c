import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run, runOrThrow, type Finished } from '../../lib/child.ts';
import { holdPush, type HeldPush } from './held-push.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const patient = new AbortController().signal;

/** Where a running platform is reached. */
export interface PlatformPlace {
  readonly home: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly sshPort: number;
  readonly apiPort: number;
  /** Of the door behind ps:exec of the heroku command. */
  readonly execPort: number;
}

export interface Repo {
  readonly dir: string;
  /** Writes files and commits them; answers the commit's id. */
  commit(files: Readonly<Record<string, string>>, message?: string): Promise<string>;
  /** `git push gantry main`; both outputs together are what a person sees. */
  push(...args: readonly string[]): Promise<Finished>;
  /** Starts a push and does not wait. */
  startPush(): ChildProcess;
  /** Starts the same, whose sender has seen the branches when this answers, and sends nothing before it is let go. */
  holdPush(): Promise<HeldPush>;
  git(...args: readonly string[]): Promise<Finished>;
}

interface Around {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
}

/** Someone at a terminal: a key, the `gantry` command, git over real SSH. */
export interface Person extends AsyncDisposable {
  /** A folder of their own, which is their home. */
  readonly dir: string;
  readonly place: PlatformPlace;
  gantry(...args: readonly string[]): Promise<Finished>;
  /** The same with more environment, from another folder, or with something to read. */
  gantryAs(around: Around, ...args: readonly string[]): Promise<Finished>;
  /** What the real ssh is called with, before the command: `ssh -tt git@HOST`. */
  sshArgs(user: string, options?: readonly string[]): readonly string[];
  /** As `gantry`, with `--json`, parsed; throws when the command fails. */
  json(...args: readonly string[]): Promise<unknown>;
  /** Makes an app and a repository whose remote `gantry` is that app. */
  newApp(name: string): Promise<Repo>;
  repoFor(app: string): Promise<Repo>;
  /** One request by host name, as a visitor. */
  visit(app: string, path?: string): Promise<{ readonly status: number; readonly body: string }>;
  destroy(app: string): Promise<void>;
}

/** A person with a key of their own. `registered: false` leaves the key unknown to the platform. */
export async function meetPerson(
  place: PlatformPlace,
  options: { readonly registered?: boolean } = {},
): Promise<Person> {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-person-'));
  const key = join(dir, 'id_ed25519');
  await runOrThrow(
    'ssh-keygen',
    ['-q', '-t', 'ed25519', '-N', '', '-C', 'person@test', '-f', key],
    {},
    patient,
  );
  const sshOptions = [
    ...['-F', '/dev/null', '-i', key, '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
  ];
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: dir,
    GANTRY_HOME: place.home,
    GANTRY_API_PORT: String(place.apiPort),
    GIT_SSH_COMMAND: ['ssh', ...sshOptions].join(' '),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  };
  const apps = new Set<string>();
  const gantryAs: Person['gantryAs'] = ({ env: more = {}, cwd = dir, input = '' }, ...args) =>
    run(join(ROOT, 'bin', 'gantry'), args, { env: { ...env, ...more }, cwd, input }, patient);
  const gantry: Person['gantry'] = (...args) => gantryAs({}, ...args);
  if (options.registered ?? true) {
    const added = await gantry('keys:add', `${key}.pub`);
    if (added.code !== 0) throw new Error(`keys:add: ${added.stderr}`);
  }

  async function repoFor(app: string): Promise<Repo> {
    const repo = await mkdtemp(join(dir, `${app}-`));
    const git = (...args: readonly string[]): Promise<Finished> =>
      run('git', args, { env, cwd: repo }, patient);
    await git('init', '-q', '-b', 'main');
    await git('remote', 'add', 'gantry', `ssh://git@127.0.0.1:${place.sshPort}/${app}.git`);
    return {
      dir: repo,
      git,
      async commit(files, message = 'change') {
        for (const [name, text] of Object.entries(files)) {
          await mkdir(dirname(join(repo, name)), { recursive: true });
          await writeFile(join(repo, name), text);
        }
        await git('add', '-A');
        await runOrThrow(
          'git',
          ['commit', '-q', '--allow-empty', '-m', message],
          { env, cwd: repo },
          patient,
        );
        return (await git('rev-parse', 'HEAD')).stdout.trim();
      },
      push: (...args) => git('push', ...(args.length > 0 ? args : ['gantry', 'main'])),
      holdPush: () => holdPush({ env, cwd: repo, args: ['push', 'gantry', 'main'] }, dir, patient),
      startPush: () =>
        spawn('git', ['push', 'gantry', 'main'], { env, cwd: repo, stdio: ['ignore', 'pipe', 'pipe'] }),
    };
  }

  return {
    ...{ dir, place, gantry, gantryAs },
    sshArgs: (user, extra = []) => [
      ...extra,
      ...sshOptions,
      ...['-p', String(place.sshPort), `${user}@127.0.0.1`, '--'],
    ],
    repoFor,
    async json(...args) {
      const done = await gantry(...args, '--json');
      if (done.code !== 0) throw new Error(`gantry ${args.join(' ')}: ${done.stderr}`);
      return JSON.parse(done.stdout) as unknown;
    },
    async newApp(name) {
      const made = await gantry('apps:create', name, '--no-remote');
      if (made.code !== 0) throw new Error(`apps:create ${name}: ${made.stderr}`);
      apps.add(name);
      return repoFor(name);
    },
    visit: (app, path = '/') => visit(place.httpPort, `${app}.localhost`, path),
    async destroy(app) {
      apps.delete(app);
      await gantry('apps:destroy', app, '--confirm', app);
    },
    async [Symbol.asyncDispose]() {
      for (const app of apps) await gantry('apps:destroy', app, '--confirm', app);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** One request to this machine's router on a connection of its own. */
export function visit(port: number, host: string, path = '/'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, agent: false, headers: { host } }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    req.on('error', reject);
    req.end();
  });
}
