import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../../lib/child.ts';
import { issue } from '../support/certificates.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { nodeApp } from '../support/samples.ts';

const APP = 'keeper';
const ON = ['-a', APP];
const patient = new AbortController().signal;
const canary = (what: string): string => `canary-${what}-${randomBytes(6).toString('hex')}`;
/** What nobody may find, by what it is. */
const SECRETS = {
  ...{ config: canary('config'), line: canary('line'), ssh: canary('ssh'), run: canary('run') },
  ...{ drain: canary('drain'), hook: canary('hook'), authorization: canary('auth'), wrong: canary('wrong') },
  ...{ token: '', key: '' },
};
/** In the source, so it is found wherever sources and what is made of them are: who searches sees. */
const PAGE = `page-${randomBytes(6).toString('hex')}`;

let ann: Person;
let repo: Repo;
let pushed: { readonly stderr: string };
let failed: { readonly code: number | null; readonly stderr: string };

async function done(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ann.gantry(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** The app, whose build prints the config it is given and ends like this. */
async function push(end: string) {
  const files = nodeApp(PAGE);
  const manifest = JSON.parse(files['package.json'] ?? '{}') as { readonly scripts: Record<string, string> };
  const build = `node -e "console.log(process.env.CONFIG + '|' + process.env.LINES)"; ${end}`;
  const scripts = { ...manifest.scripts, build };
  await repo.commit({ ...files, 'package.json': JSON.stringify({ ...manifest, scripts }) });
  return repo.push();
}

beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp(APP);
  await done('config:set', `CONFIG=${SECRETS.config}`, `LINES=first line\n${SECRETS.line}\n`, ...ON);
  pushed = await push('true');
  failed = await push('exit 9');

  const ssh = [...ann.sshArgs('git'), `config:set ${ON.join(' ')} SSH=${SECRETS.ssh}`];
  expect(await run('ssh', ssh, {}, patient)).toMatchObject({ code: 0 });
  const counted = 'console.log([CONFIG, SSH, GIVEN].map((one) => one.length).join())';
  const given = [
    'run',
    '-e',
    `GIVEN=${SECRETS.run}`,
    ...ON,
    '--',
    'node',
    '-e',
    `with (process.env) ${counted}`,
  ];
  const lengths = [SECRETS.config, SECRETS.ssh, SECRETS.run].map(({ length }) => length).join();
  expect(await done(...given)).toContain(lengths);
  await done('run:detached', '-e', `GIVEN=${SECRETS.run}`, ...ON, '--', 'sleep', '600');

  // Nobody listens there: what goes wrong is told in logs, too.
  await done('drains:add', `http://me:${SECRETS.drain}@127.66.0.3:9/`, ...ON);
  const told = ['-s', SECRETS.hook, '-t', `Bearer ${SECRETS.authorization}`, '-u', 'http://127.66.0.3:9/'];
  await done('webhooks:add', '-i', 'api:release', ...told, ...ON);
  const issued = await issue({ names: ['keeper.example.com'] });
  SECRETS.key = issued.key.split('\n')[1] ?? '';
  await writeFile(join(ann.dir, 'chain.pem'), issued.certificate);
  await writeFile(join(ann.dir, 'key.pem'), issued.key);
  await done('domains:add', 'keeper.example.com', ...ON);
  await done('certs:add', join(ann.dir, 'chain.pem'), join(ann.dir, 'key.pem'), ...ON);
  const made = (await ann.json('authorizations:create', '-d', 'canary')) as {
    access_token: { token: string };
  };
  SECRETS.token = made.access_token.token;

  const at = `http://127.0.0.1:${ann.place.apiPort}/apps/${APP}/config-vars`;
  const headers = { authorization: `Bearer ${SECRETS.token}`, 'content-type': 'application/json' };
  for (const body of [
    `{"${SECRETS.wrong}":"${SECRETS.wrong}"}`,
    `{"A":{"B":"${SECRETS.wrong}"}}`,
    `{"A":"${SECRETS.wrong}`,
  ])
    expect((await fetch(at, { method: 'PATCH', headers, body })).status).toBeGreaterThanOrEqual(400);
  await done('config:set', `CONFIG=${SECRETS.config}!`, ...ON);
  expect(await ann.visit(APP)).toMatchObject({ body: PAGE });
});
afterAll(() => ann[Symbol.asyncDispose]());

async function appId(): Promise<string> {
  const { app } = (await ann.json('apps:info', ...ON)) as { readonly app: { readonly id: string } };
  return app.id;
}

/** The names of the secrets that a text holds, as they are or in the hexadecimal of a dump. */
function secretsIn(text: string): string[] {
  return Object.entries(SECRETS).flatMap(([name, value]) =>
    text.includes(value) || text.includes(Buffer.from(value).toString('hex')) ? [name] : [],
  );
}

/** Files below a folder that hold one of these texts. What goes while it is read is not there. */
async function filesWith(texts: readonly string[], folder: string): Promise<string[]> {
  const patterns = { input: texts.join('\n') }; // not as an argument, which would be found
  const found = await run('grep', ['-rlaF', '-f', '-', folder], patterns, patient);
  return found.stdout.split('\n').filter((line) => line !== '');
}

describe('a secret of an app, and a token', () => {
  it('reach whom they are for, without which nothing below would say anything [S-SEC-03]', () => {
    for (const secret of Object.values(SECRETS)) expect(secret.length).toBeGreaterThan(16);
    expect(failed.code).not.toBe(0);
  });

  it('are masked in what a build prints, to whoever pushes and in what is kept of it [S-SEC-07]', async () => {
    for (const shown of [pushed.stderr, failed.stderr, await done('builds:output', ...ON)]) {
      expect(shown).toMatch(/^(?:remote: )? *\[secret\]\|\[secret\] *$/m);
      expect(shown).toMatch(/^(?:remote: )? *\[secret\] *$/m);
      expect(secretsIn(shown)).toEqual([]);
    }
  });

  it('are not in a dump of the database [S-SEC-01] [S-SEC-03]', async () => {
    const socket = join(ann.place.home, 'run', 'postgres');
    const all = ['-h', socket, '-U', 'gantry', '--inserts', 'gantry'];
    const dump = await run('pg_dump', all, { maxBytes: 1024 ** 3 }, patient);
    expect(dump.stdout).toContain(`'${APP}'`);
    expect(secretsIn(dump.stdout)).toEqual([]);
  });

  it('are in no file of the platform, but for the keys of certificates where the router has them [S-SEC-01] [S-SEC-03]', async () => {
    const { home } = ann.place;
    const within = (path: string, ...places: string[]): boolean =>
      places.some((place) => path.startsWith(join(home, place)));
    const seen = await filesWith([APP], home);
    expect(seen.some((path) => within(path, 'postgres/'))).toBe(true);
    const { key, ...others } = SECRETS;
    // What the engine of the apps, where it is the platform's own, knows of their containers has their environment.
    const theirs = (path: string): boolean => within(path, 'engine/containers/', 'engine/containerd/');
    const found = await filesWith(Object.values(others), home);
    expect(found.filter((path) => !theirs(path))).toEqual([]);
    const outside = (await filesWith([key], home)).filter((path) => !within(path, 'router/'));
    expect(outside).toEqual([]);
  });

  it('were never put into Redis, which is told the ids of apps [S-SEC-01] [S-SEC-03]', async () => {
    const id = await appId();
    // Every command that changed something since it was started, in plain text.
    const log = join(ann.place.home, 'redis', 'appendonlydir');
    expect(await filesWith([id], log)).not.toEqual([]);
    expect(await filesWith(Object.values(SECRETS), log)).toEqual([]);
  });

  it('are in no layer, no config and no manifest in the registry [S-SEC-01] [S-SEC-03]', async () => {
    const blobs = join(ann.place.home, 'registry', 'blobs');
    const found = new Set<string>();
    let pages = 0;
    for (const entry of await readdir(blobs, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name !== 'data') continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      const text = (bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes).toString('latin1');
      if (text.includes(PAGE)) pages += 1;
      for (const name of secretsIn(text)) found.add(name);
    }
    expect(pages).toBeGreaterThan(0);
    expect([...found]).toEqual([]);
  });

  it('are in no argument and no title of a process, while instances and a run have them [S-SEC-03]', async () => {
    const seen: string[] = [];
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      for (const file of ['cmdline', 'comm'])
        seen.push(await readFile(join('/proc', pid, file), 'latin1').catch(() => ''));
    }
    expect(seen.join('\n')).toContain('haproxy');
    expect(seen.join('\n')).toContain('sleep');
    expect(secretsIn(seen.join('\n'))).toEqual([]);
  });

  it('are in no image of either engine, and in no container but the instances and runs of the app [S-SEC-03]', async () => {
    const id = await appId();
    const building = `unix://${join(ann.place.home, 'run', 'build-engine.sock')}`;
    for (const host of [[], ['-H', building]]) {
      const docker = async (...args: readonly string[]): Promise<string> =>
        (await run('docker', [...host, ...args], { maxBytes: 1024 ** 3 }, patient)).stdout;
      const images = (await docker('image', 'ls', '-aq', '--no-trunc'))
        .split('\n')
        .filter((one) => one !== '');
      expect(images).not.toEqual([]);
      expect(secretsIn(await docker('image', 'inspect', ...new Set(images)))).toEqual([]);
      for (const image of new Set(images))
        expect(secretsIn(await docker('history', '--no-trunc', image))).toEqual([]);
      const holders: string[] = [];
      for (const container of (await docker('ps', '-aq')).split('\n').filter((one) => one !== '')) {
        const told = await docker('inspect', container);
        if (secretsIn(told).length > 0) holders.push(/"gantry.app": "([^"]+)"/.exec(told)?.[1] ?? container);
      }
      expect(holders.filter((holder) => holder !== id)).toEqual([]);
      expect(holders.length > 0).toBe(host.length === 0);
    }
  });
});
