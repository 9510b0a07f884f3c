import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run, type Finished } from '../../lib/child.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { staticSite } from '../support/samples.ts';

const patient = new AbortController().signal;
const ROOT = join(import.meta.dirname, '..', '..');

let ann: Person;
let repo: Repo;
let router: string;
let api: string;
let token: string;

beforeAll(async () => {
  const place = inject('platform');
  // No key: whoever pushes over HTTP needs none.
  ann = await meetPerson(place, { registered: false });
  repo = await ann.newApp('overhttp');
  router = `http://api.localhost:${place.httpPort}`;
  api = `http://127.0.0.1:${place.apiPort}`;
  token = (await readFile(join(place.home, 'admin-token'), 'utf8')).trim();
});
afterAll(() => ann[Symbol.asyncDispose]());

/** Git as a person has it who is logged in at this address, with `gantry` on the path and no key. */
function git(address: string, ...args: readonly string[]): Promise<Finished> {
  const env = {
    PATH: `${join(ROOT, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: repo.dir,
    GANTRY_API_URL: address,
    GANTRY_API_KEY: token,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
  };
  return run('git', args, { env, cwd: repo.dir }, patient);
}

describe('a push over HTTP', () => {
  it('deploys through the router, with a token in place of a key', async () => {
    await repo.commit(staticSite('one'));
    const url = new URL('/overhttp.git', router);
    url.username = 'heroku';
    url.password = token;
    const pushed = await git(router, 'push', url.href, 'main');
    expect(pushed.stderr).toContain('remote:        Released v2');
    expect(pushed.code).toBe(0);
    expect((await ann.visit('overhttp')).body).toContain('one');
  });

  it('needs no word about passwords after git:remote --https', async () => {
    const set = await promisify(execFile)(
      join(ROOT, 'bin', 'gantry'),
      ['git:remote', '-a', 'overhttp', '--https'],
      { cwd: repo.dir, env: { PATH: process.env['PATH'], GANTRY_API_URL: api, GANTRY_API_KEY: token } },
    );
    expect(set.stderr).toContain(`${api}/overhttp.git`);
    await repo.commit(staticSite('two'));
    const pushed = await git(api, 'push', 'gantry', 'main');
    expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
    expect((await ann.visit('overhttp')).body).toContain('two');
    expect(await git(api, 'fetch', 'gantry')).toEqual(expect.objectContaining({ code: 0 }));
  });

  it('exits non-zero with the reason, and leaves what serves alone', async () => {
    await repo.commit({ Dockerfile: 'FROM nothing-of-that-name\n' });
    const helper = ['-c', 'credential.helper=!gantry git:credentials'];
    const pushed = await git(router, ...helper, 'push', `${router}/overhttp.git`, 'main');
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('pre-receive hook declined');
    expect((await ann.visit('overhttp')).body).toContain('two');
  });
});
