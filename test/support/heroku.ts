import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findHeroku, HEROKU_VERSION, installHeroku, type Installation } from '../../cli/heroku/install.ts';
import { run, type Finished } from '../../lib/child.ts';
import { messageOf } from '../../lib/errors.ts';
import type { PlatformPlace } from './person.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Fetched once for all runs on a machine, as what the stack is made of. */
const CACHE = '/var/cache/gantry/heroku';
const INSTALL_MS = 5 * 60_000;
const COMMAND_MS = 120_000;

/** The real program, of the version the platform is tested with; undefined, loudly, where npm cannot fetch it. */
export async function theRealHeroku(): Promise<Installation | undefined> {
  try {
    const there = await findHeroku(CACHE);
    return there ?? (await installHeroku(CACHE, process.env, AbortSignal.timeout(INSTALL_MS)));
  } catch (err) {
    process.stderr.write(
      `\n!!! NOT TESTED: the heroku command ${HEROKU_VERSION} could not be installed here, so whether it works with this platform is unknown: ${messageOf(err)}\n\n`,
    );
    return undefined;
  }
}

/** Somebody who has the `heroku` command, and a home in which nothing else is. */
export interface HerokuUser extends AsyncDisposable {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly token: string;
  /** Runs it; any exit code is an answer. */
  heroku(
    args: readonly string[],
    options?: { readonly input?: string; readonly cwd?: string },
  ): Promise<Finished>;
  /** Runs it, and answers both outputs as one text in which white space is single spaces; throws unless it exits 0. */
  ok(...args: readonly string[]): Promise<string>;
  /** As `ok`, with standard output parsed. */
  json(...args: readonly string[]): Promise<unknown>;
  /** Runs it until this appears on standard output, then interrupts it. */
  until(wanted: string, ...args: readonly string[]): Promise<string>;
  git(cwd: string, ...args: readonly string[]): Promise<Finished>;
  /** Makes the app and a repository with these files, whose remote `heroku` is the app. */
  newApp(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** Removed with the user. */
  forget(app: string): void;
}

/** The way to the platform: straight to its API, or through `gantry heroku --`. */
export type HerokuWay = 'straight' | 'gantry';

export async function meetHerokuUser(
  place: PlatformPlace,
  program: Installation,
  way: HerokuWay = 'straight',
): Promise<HerokuUser> {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-heroku-'));
  const token = (await readFile(join(place.home, 'admin-token'), 'utf8')).trim();
  const env =
    way === 'straight' ? await straight(dir, place, program, token) : await wrapped(dir, place, program);
  const before =
    way === 'straight'
      ? ['--no-deprecation', program.script]
      : [join(ROOT, 'dist/cli-bundle/main.js'), 'heroku', '--'];
  const apps = new Set<string>();
  const ca = join(place.home, 'ca.pem');

  const heroku: HerokuUser['heroku'] = (args, { input = '', cwd = dir } = {}) =>
    run(process.execPath, [...before, ...args], { env, cwd, input }, AbortSignal.timeout(COMMAND_MS));
  const git = (cwd: string, ...args: readonly string[]): Promise<Finished> =>
    run('git', args, { env: { ...env, GIT_SSL_CAINFO: ca }, cwd }, AbortSignal.timeout(COMMAND_MS));
  const must = async (args: readonly string[]): Promise<Finished> => {
    const done = await heroku(args);
    if (done.code === 0) return done;
    throw new Error(
      `heroku ${args.join(' ')} exited with ${done.code ?? 'a signal'}: ${done.stdout}${done.stderr}`,
    );
  };

  return {
    ...{ dir, env, token, heroku, git },
    async ok(...args) {
      const { stdout, stderr } = await must(args);
      return `${stdout} ${stderr}`.replace(/\s+/g, ' ');
    },
    async json(...args) {
      return JSON.parse((await must([...args, '--json'])).stdout) as unknown;
    },
    until: (wanted, ...args) => readUntil(wanted, [...before, ...args], { env, cwd: dir }),
    async newApp(name, files) {
      await must(['apps:create', name, '--no-remote']);
      apps.add(name);
      const repo = join(dir, name);
      await mkdir(repo);
      for (const [file, text] of Object.entries(files)) await writeFile(join(repo, file), text);
      await git(repo, 'init', '-q', '-b', 'main');
      await git(repo, 'add', '-A');
      await git(repo, 'commit', '-q', '-m', 'first');
      const remote = await heroku(['git:remote', '-a', name], { cwd: repo });
      if (remote.code !== 0) throw new Error(`git:remote: ${remote.stderr}`);
      return repo;
    },
    forget: (app) => void apps.delete(app),
    async [Symbol.asyncDispose]() {
      for (const app of apps) await heroku(['apps:destroy', '-a', app, '--confirm', app]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A person who calls themselves something, and asks nobody for a password. */
function person(dir: string, program: Installation): NodeJS.ProcessEnv {
  return {
    PATH: [program.bin, join(ROOT, 'bin'), process.env['PATH']].join(delimiter),
    HOME: dir,
    TZ: 'UTC',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  };
}

/** On the platform's own machine: the environment tells the program where everything is. */
async function straight(
  dir: string,
  place: PlatformPlace,
  program: Installation,
  token: string,
): Promise<NodeJS.ProcessEnv> {
  const api = `http://127.0.0.1:${place.apiPort}`;
  const ca = join(place.home, 'ca.pem');
  const cache = join(dir, '.cache');
  await mkdir(join(cache, 'heroku'), { recursive: true });
  await writeFile(join(cache, 'heroku', 'terms-of-service'), '');
  return {
    ...person(dir, program),
    HEROKU_HOST: api,
    HEROKU_API_KEY: token,
    HEROKU_PARTICLEBOARD_URL: api,
    HEROKU_DATA_HOST: '127.0.0.1',
    HEROKU_GIT_HOST: `localhost:${place.httpsPort}`,
    HEROKU_LOGIN_HOST: api,
    HEROKU_STATUS_HOST: api,
    HEROKU_BUILDPACK_REGISTRY_URL: api,
    HEROKU_EXEC_URL: `https://localhost:${place.httpsPort}/`,
    DISABLE_TELEMETRY: 'true',
    HEROKU_SKIP_NEW_VERSION_CHECK: '1',
    HEROKU_DISABLE_AUTOUPDATE: '1',
    XDG_CACHE_HOME: cache,
    XDG_DATA_HOME: join(dir, '.local', 'share'),
    XDG_CONFIG_HOME: join(dir, '.config'),
    GIT_CONFIG_GLOBAL: join(dir, '.gitconfig'),
    NODE_EXTRA_CA_CERTS: ca,
    GIT_SSL_CAINFO: ca,
  };
}

/** Only what `gantry` is told: where the platform is. It does the rest. */
async function wrapped(dir: string, place: PlatformPlace, program: Installation): Promise<NodeJS.ProcessEnv> {
  const data = join(dir, 'data', 'gantry', 'heroku');
  await mkdir(data, { recursive: true });
  await symlink(join(CACHE, HEROKU_VERSION), join(data, HEROKU_VERSION));
  return {
    ...person(dir, program),
    XDG_DATA_HOME: join(dir, 'data'),
    GANTRY_HOME: place.home,
    GANTRY_API_PORT: String(place.apiPort),
    GANTRY_HTTPS_PORT: String(place.httpsPort),
    GANTRY_EXEC_PORT: String(place.execPort),
  };
}

function readUntil(
  wanted: string,
  args: readonly string[],
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const late = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS);
    let heard = '';
    const hear = (chunk: Buffer): void => {
      heard += chunk.toString('utf8');
      if (heard.includes(wanted)) child.kill('SIGINT');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(late);
      if (heard.includes(wanted)) resolve(heard);
      else reject(new Error(`it ended without saying ${JSON.stringify(wanted)}: ${heard}`));
    });
  });
}
