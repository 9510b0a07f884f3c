import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { run, type Finished } from '../../lib/child.ts';
import { issue } from '../support/certificates.ts';
import { meetPerson, visit, type Person } from '../support/person.ts';
import { staticSite } from '../support/samples.ts';
import { until as within } from '../support/until.ts';

const APP = 'cliroutes';
const HOST = 'www.gantry-cli.example';
const ON = ['-a', APP];

let ann: Person;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  const repo = await ann.newApp(APP);
  await repo.commit(staticSite('routed'));
  expect((await repo.push()).code).toBe(0);
});
afterAll(() => ann[Symbol.asyncDispose]());

const until = (what: () => Promise<boolean>): Promise<void> => within(what, 30_000);

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await ann.gantry(...args);
  expect(`${code} ${stderr}`).toMatch(/^0/);
  return stdout;
}

const patient = new AbortController().signal;
const ssh = (user: string, ...words: string[]): Promise<Finished> =>
  run('ssh', [...ann.sshArgs(user), ...words], {}, patient);

const visitHost = (): Promise<{ status: number; body: string }> => visit(ann.place.httpPort, HOST);

/** Whose certificate a visitor of the host is shown. */
function shownTo(servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: ann.place.httpsPort, servername, rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.once('error', reject);
  });
}

it('config vars that are set at once are all set, one after another', async () => {
  await ok('apps:create', 'clicrowd', '--no-remote');
  const token = (await readFile(join(ann.place.home, 'admin-token'), 'utf8')).trim();
  const set = async (name: string): Promise<number> => {
    const res = await fetch(`http://127.0.0.1:${ann.place.apiPort}/apps/clicrowd/config-vars`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ [name]: name }),
    });
    return res.status;
  };
  const names = Array.from({ length: 12 }, (_, n) => `VALUE_${n}`);
  expect(await Promise.all(names.map(set))).toEqual(names.map(() => 200));
  const all = await ann.json('config', '-a', 'clicrowd');
  expect(all).toEqual(Object.fromEntries(names.map((name) => [name, name])));
  await ann.destroy('clicrowd');
});

it('a domain leads to the app with its certificate, and nowhere once it is removed', async () => {
  expect(await ok('domains:add', HOST, '--wait', ...ON)).toBe(`${APP}.localhost\n`);
  await until(async () => (await visitHost()).body.includes('routed'));
  const site = await issue({ names: [HOST], subject: '/CN=brought' });
  const folder = await mkdtemp(join(tmpdir(), 'gantry-cli-'));
  const [crt, key] = [join(folder, 'site.crt'), join(folder, 'site.key')];
  await writeFile(crt, site.certificate);
  await writeFile(key, site.key, { mode: 0o600 });
  expect(await ok('certs:add', crt, key, ...ON)).toContain(HOST);
  await rm(folder, { recursive: true });
  await until(async () => (await shownTo(HOST)) === 'brought');
  expect(await ok('domains', ...ON)).toMatch(new RegExp(`^${HOST} +CNAME +${APP}\\.localhost +\\S+$`, 'm'));
  expect((await ann.gantry('domains:clear', ...ON)).code).toBe(2);
  await ok('domains:clear', '--confirm', APP, ...ON);
  await until(async () => (await visitHost()).status === 404);
  await ok('certs:remove', '--confirm', APP, ...ON);
});

it('visitors are told of maintenance for as long as it is on', async () => {
  await ok('maintenance:on', ...ON);
  await until(async () => (await ann.visit(APP)).status === 503);
  expect(await ok('maintenance', ...ON)).toBe('on\n');
  await ok('maintenance:off', ...ON);
  await until(async () => (await ann.visit(APP)).body.includes('routed'));
});

it('an app goes to a team and back, and is shared with somebody', async () => {
  const email = 'cli-friend@example.com';
  await ok('users:add', email);
  await ok('access:add', email, '-p', 'deploy', ...ON);
  expect(await ok('access', ...ON)).toMatch(new RegExp(`^${email} +deploy +view, deploy$`, 'm'));
  await ok('teams:create', 'cli-team');
  await ok('members:add', email, '-t', 'cli-team', '-r', 'viewer');
  await ok('apps:transfer', 'cli-team', '--locked', ...ON);
  expect(await ok('apps', '-t', 'cli-team')).toContain('locked');
  expect((await ann.visit(APP)).body).toContain('routed');
  await ok('apps:transfer', 'admin@localhost', '--confirm', APP, ...ON);
  await ok('access:remove', email, ...ON);
  await ok('teams:destroy', 'cli-team', '--confirm', 'cli-team');
  await ok('users:remove', email, '--confirm', email);
});

it('what happened is told from where one was', async () => {
  const told = await ok('events', '--after', '0', '-n', '2', '-k', 'release', '--json', ...ON);
  const events = told
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; kind: string });
  expect(events).toMatchObject([{ kind: 'release' }, { kind: 'release' }]);
  const next = ann.gantry('events', '--after', String(events[1]?.id), '-n', '1', '-k', 'release', ...ON);
  await ok('config:set', 'A=1', ...ON);
  expect((await next).stdout).toMatch(/ cliroutes release (?:create|update) /);
});

it('the platform and its machine are shown, and runs that are over are not', async () => {
  expect(await ok('status')).toMatch(/^You +admin@localhost$/m);
  expect(await ann.json('hosts')).toMatchObject([{ name: 'local', engine: true }]);
  expect(await ok('regions')).toContain('local');
  await ok('ps:wait', ...ON);
  await ok('run:detached', ...ON, '--', 'true');
  await until(async () => !(await ok('ps', ...ON)).includes('run.'));
  expect(await ok('ps', ...ON)).not.toContain('gone');
});

it('the same is done over SSH, in the way of dokku too', async () => {
  expect(await ssh('git', 'domains:add', HOST, '--app', APP)).toEqual(expect.objectContaining({ code: 0 }));
  expect((await ssh('dokku', 'domains:report', APP)).stdout).toContain(HOST);
  expect((await ssh('dokku', 'maintenance:enable', APP)).stderr).toContain('is on');
  expect((await ssh('dokku', 'maintenance:disable', APP)).code).toBe(0);
  expect((await ssh('git', 'certs:add', 'a.crt', 'a.key', '--app', APP)).stderr).toContain('standard input');
  expect(await ssh('git', 'domains:remove', HOST, '--app', APP)).toEqual(
    expect.objectContaining({ code: 0 }),
  );
});
