import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../../lib/child.ts';
import { meetPerson, type Person } from '../support/person.ts';
import { staticSite } from '../support/samples.ts';

const APP = 'clifiles';
const ON = ['-a', APP];
const SITE = staticSite('to be copied');

let ann: Person;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  const repo = await ann.newApp(APP);
  await repo.commit(SITE);
  expect((await repo.push()).code).toBe(0);
});
afterAll(() => ann[Symbol.asyncDispose]());

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await ann.gantry(...args);
  expect(`${code} ${stderr}`).toMatch(/^0/);
  return stdout;
}

describe('config vars in an editor', () => {
  const edit = (editor: string, ...more: string[]) =>
    ann.gantryAs({ env: { EDITOR: editor, TMPDIR: ann.dir } }, 'config:edit', ...ON, ...more);

  it('become what was saved, in one release, and no file stays', async () => {
    await ok('config:set', 'COLOUR=red', 'OLD=1', ...ON);
    const before = (await ann.json('releases', ...ON)) as { version: number }[];
    const done = await edit("sed -i -e 's/=red/=blue/' -e '$aNEW=\"a b\"' -e /^OLD/d");
    expect(done).toMatchObject({ code: 0 });
    expect(done.stderr).toMatch(/^- COLOUR=red\n\+ COLOUR=blue\n\+ NEW='a b'\n- OLD=1\n/);
    expect(done.stderr).toMatch(new RegExp(`v${(before[0]?.version ?? 0) + 1} is live\\.\\n$`));
    expect(await ann.json('config', ...ON)).toEqual({ COLOUR: 'blue', NEW: 'a b' });
    expect((await readdir(ann.dir)).filter((name) => name.startsWith('gantry-edit'))).toEqual([]);
  });

  it('stay what they are when nothing was saved, or the editor failed', async () => {
    expect((await edit('true')).stderr).toBe(`Nothing was changed for ${APP}.\n`);
    expect(await edit('false')).toMatchObject({ code: 1 });
    expect(await ok('config:get', 'COLOUR', 'NEW', ...ON)).toBe('blue\na b\n');
    expect((await readdir(ann.dir)).filter((name) => name.startsWith('gantry-edit'))).toEqual([]);
  });
});

describe('what an app is made of', () => {
  it('is copied out of an instance, and never over what is here', async () => {
    const copied = join(ann.dir, 'index.html');
    expect(await ok('ps:copy', 'index.html', ...ON)).toBe('index.html\n');
    expect(await readFile(copied, 'utf8')).toBe(SITE['index.html']);
    expect(await ann.gantry('ps:copy', 'index.html', ...ON)).toMatchObject({ code: 1 });
    const missing = await ann.gantry('ps:copy', '/no/such/file', '-o', 'none', ...ON);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toContain('No such file or directory');
    expect(await readdir(ann.dir)).not.toContain('none');
  });

  it('keeps every byte on the way', async () => {
    const inside = ['run:inside', ...ON, '--no-tty', 'web.1', '--'];
    await ok(...inside, 'sh', '-c', 'head -c 3000000 /dev/urandom > /tmp/noise');
    const [sum = ''] = (await ok(...inside, 'sha256sum', '/tmp/noise')).split(' ');
    const copy = (await ann.json('ps:copy', '/tmp/noise', ...ON)) as { output: string; bytes: number };
    expect(copy.bytes).toBe(3_000_000);
    const { createHash } = await import('node:crypto');
    expect(
      createHash('sha256')
        .update(await readFile(copy.output))
        .digest('hex'),
    ).toBe(sum);
  });

  it('is cloned over SSH and over HTTP, with a remote that names the app', async () => {
    expect(await ok('git:clone', APP, 'by-ssh')).toBe(`${join(ann.dir, 'by-ssh')}\n`);
    const path = `${join(import.meta.dirname, '..', '..', 'bin')}:${process.env['PATH'] ?? ''}`;
    const done = await ann.gantryAs({ env: { PATH: path } }, 'git:clone', ...ON, 'by-http', '--https');
    expect(`${done.code} ${done.stderr}`).toMatch(/^0/);
    for (const folder of ['by-ssh', 'by-http'])
      expect(await readFile(join(ann.dir, folder, 'index.html'), 'utf8')).toBe(SITE['index.html']);
    // The remote names the app.
    const info = await ann.gantryAs({ cwd: join(ann.dir, 'by-ssh') }, 'apps:info', '-j');
    expect(JSON.parse(info.stdout)).toMatchObject({ app: { name: APP } });
    expect(await ann.gantry('git:clone', APP, 'by-ssh')).toMatchObject({ code: 128 });
  });
});

describe('what heroku has, too', () => {
  it('a process in the background is watched until it has ended', async () => {
    const watched = await ok('run:detached', '--tail', '--type', 'web', ...ON, '--', 'echo done over there');
    expect(watched).toMatch(/app\[run\.\d+\]: done over there/);
  });

  it('lists are shown in the parts that are asked for', async () => {
    for (const host of ['b.clifiles.example', 'a.clifiles.example']) await ok('domains:add', host, ...ON);
    const args = [
      'domains',
      '--csv',
      '--columns',
      'hostname',
      '--sort',
      'hostname',
      '--filter',
      'hostname=files.e',
    ];
    expect(await ok(...args, ...ON)).toBe('Domain name\na.clifiles.example\nb.clifiles.example\n');
    expect(await ok('ps', 'web', ...ON)).toMatch(/^=== web .*\nweb\.1 /);
    expect(await ok('ps:exec', '--status', ...ON)).toMatch(/^web\.1 +up +yes$/m);
    expect(await ok('releases:info', '--shell', ...ON)).toBe("COLOUR=blue\nNEW='a b'\n");
    expect((await ann.gantry('webhooks:deliveries', '-s', 'failed', ...ON)).stderr).toBe('None is failed.\n');
    await ok('domains:clear', '-c', APP, ...ON);
  });

  it('two apps are compared', async () => {
    await ann.newApp('clifiles-other');
    const differences = await ann.json('apps:diff', APP, 'clifiles-other');
    expect(differences).toEqual(
      expect.arrayContaining([{ property: 'config COLOUR', first: '••••••', second: null }]),
    );
  });
});

it('somebody takes away all of their keys, and those of nobody else', async () => {
  const email = 'cli-keys@example.com';
  const { token } = (await ann.json('users:add', email)) as { token: string };
  const bob = {
    env: { HOME: join(ann.dir, 'bob'), GANTRY_API_URL: `http://127.0.0.1:${ann.place.apiPort}` },
  };
  const as = async (input: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await ann.gantryAs({ ...bob, input }, ...args);
    expect(`${code} ${stderr}`).toMatch(/^0/);
    return stdout + stderr;
  };
  await as(`${token}\nthree stones, one river\n`, 'login:accept');
  await as(`${email}\nthree stones, one river\n`, 'login', '-i', '-e', '3600');
  expect(await as('', 'keys:add', '--yes')).toContain('Made the SSH key');
  expect(await as('', 'keys:clear')).toContain('it may push no longer');
  expect(await as('', 'keys', '-j')).toBe('[]\n');
  expect((await ann.json('keys')) as unknown[]).not.toEqual([]);

  // A new password ends every other login, and logging out this one, on the server too.
  const kept = (await as('', 'auth:token')).trim();
  await as('three stones, one river\nfour stones, no river\n', 'account:password');
  expect(await as('', 'whoami')).toBe(`${email}\n`);
  expect(await as('', 'logout')).toContain('Logged out');
  const ended = await ann.gantryAs({ env: { ...bob.env, GANTRY_API_KEY: kept } }, 'whoami');
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('No valid credentials') as string });
  await as(`${email}\nfour stones, no river\n`, 'login', '-i');
  await ok('users:remove', email, '--confirm', email);
});

it('what surrounds an app is there: its address, its stack, its trail, the pages and completion', async () => {
  expect(await ok('open', '/a?b=c', ...ON)).toBe(`http://${APP}.localhost:${ann.place.httpPort}/a?b=c\n`);
  expect(await ok('stacks', ...ON)).toMatch(/^\* /m);
  await ok('config:set', 'TRAIL=secret-of-the-trail', ...ON);
  const trail = await ok('audit', '-n', '5', '--json', ...ON);
  expect(trail).toContain('TRAIL');
  expect(trail).not.toContain('secret-of-the-trail');
  expect(await ok('audit:verify')).toMatch(/^The audit trail is whole: \d+ rows\.\n$/);
  const page = (await ok('docs', 'cli')).trim();
  expect(await readFile(page, 'utf8')).toContain('gantry apps:create');
  const script = join(ann.dir, 'completion.bash');
  await writeFile(script, await ok('completion', 'bash'));
  const asked = ['-c', 'source "$0" && complete -p gantry', script];
  const { stdout } = await run('bash', asked, { env: { HOME: ann.dir } }, new AbortController().signal);
  expect(stdout).toMatch(/^complete .*-F \S+ gantry\n$/);
  expect(await ok('completion', 'apps')).toMatch(new RegExp(`^${APP}$`, 'm'));
});
