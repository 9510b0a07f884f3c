import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { makeHome, type HomeOptions } from './home.ts';

const patient = new AbortController().signal;
let root: string;
let options: HomeOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gantry-heroku-'));
  await mkdir(join(root, 'user', '.ssh'), { recursive: true });
  options = {
    path: join(root, 'home'),
    userHome: join(root, 'user'),
    userGitConfig: [join(root, 'user', '.gitconfig')],
    gitHost: 'api.example.com:8443',
    authority: undefined,
    credentialHelper: `!'/a "b"/node' 'x\\y' git:credentials`,
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function git(config: string, ...args: string[]): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', GIT_CONFIG_GLOBAL: config, HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
  return (await runOrThrow('git', args, { env, cwd: root }, patient)).trim();
}

describe('the home of the heroku command', () => {
  it('has seen its terms, has the keys of the user, and nothing else of theirs', async () => {
    await makeHome(options);
    await stat(join(options.path, '.cache', 'heroku', 'terms-of-service'));
    await writeFile(join(root, 'user', '.ssh', 'id.pub'), 'key');
    expect(await readFile(join(options.path, '.ssh', 'id.pub'), 'utf8')).toBe('key');
  });

  it("asks our helper for git's password before its own, and leaves the user's configuration alone", async () => {
    const before = '[user]\n\tname = Ann\n';
    await writeFile(join(root, 'user', '.gitconfig'), before);
    const config = await makeHome(options);
    await git(
      config,
      'config',
      '--global',
      `credential.https://${options.gitHost}.helper`,
      '!heroku git:credentials',
    );
    await makeHome(options);
    expect(await git(config, 'config', '--get-all', `credential.https://${options.gitHost}.helper`)).toBe(
      `${options.credentialHelper}\n!heroku git:credentials`,
    );
    expect(await git(config, 'config', 'user.name')).toBe('Ann');
    await git(config, 'config', '--global', 'user.name', 'Bob');
    expect(await readFile(join(root, 'user', '.gitconfig'), 'utf8')).toBe(before);
  });

  it("has git trust the platform's authority for its host, and for no other", async () => {
    const config = await makeHome({ ...options, authority: 'a certificate' });
    const trusted = (url: string) =>
      git(config, 'config', '--get-urlmatch', 'http.sslCAInfo', url).catch(() => 'no file');
    expect(await readFile(await trusted('https://api.example.com:8443/x.git'), 'utf8')).toBe('a certificate');
    expect(await trusted('https://example.com/x.git')).toBe('no file');
    await makeHome(options);
    expect(await trusted('https://api.example.com:8443/x.git')).toBe('no file');
  });

  it('keeps what was written there', async () => {
    const config = await makeHome(options);
    await appendFile(config, '[core]\n\tpager = more\n');
    await makeHome(options);
    expect(await git(config, 'config', 'core.pager')).toBe('more');
  });
});
