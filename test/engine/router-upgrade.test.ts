import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Home } from '../../supervisor/home.ts';
import { stopPart } from '../../supervisor/stopping.ts';
import { freePort } from '../support/free-port.ts';
import {
  get,
  PER_SECOND,
  route,
  sleep,
  startApp,
  startLoad,
  startRig,
  until,
  type Rig,
} from './router-rig.ts';

const patient = new AbortController().signal;

const pids = async (rig: Rig): Promise<number[]> => (await rig.status()).processes.map((p) => p.pid);

/** What the supervisor would know of the rig if it had started it. */
const homeOf = (rig: Rig): Home => ({
  id: 'test00',
  root: rig.home,
  run: join(rig.home, 'run'),
  logs: join(rig.home, 'logs'),
  secrets: join(rig.home, 'secrets'),
  volatile: join(rig.home, 'volatile'),
});

it('leaves visitors alone when it is told to stop, and the next agent adopts what serves them', async () => {
  await using rig = await startRig();
  await using app = await startApp('steady');
  await rig.put([route('app', app.backend())]);
  const before = await pids(rig);
  const load = startLoad(rig.port, 'app.localhost');
  for (let n = 0; n < 3; n += 1) {
    await sleep(300);
    await rig.stopAgent();
    expect((await rig.haproxies()).toSorted()).toEqual(before.toSorted());
    await sleep(300);
    await rig.startAgent();
  }
  const { sent, answers, failures, seconds } = await load.end();
  expect(failures).toEqual([]);
  expect(answers.get('steady')).toBe(sent);
  expect(sent).toBeGreaterThan(seconds * PER_SECOND * 0.9);
  expect(await pids(rig)).toEqual(before);
});

it('gives adopted processes a new configuration, as a new HAProxy brings one, without losing a request', async () => {
  await using rig = await startRig();
  await using app = await startApp('steady');
  await rig.put([route('app', app.backend())]);
  const before = await pids(rig);
  const load = startLoad(rig.port, 'app.localhost');
  await sleep(300);
  await rig.stopAgent();
  for (const slot of [0, 1]) {
    const file = join(rig.home, 'router', 'g000001', `process-${slot}.cfg`);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^# HAProxy \d/);
    await writeFile(file, text.replace(/^# HAProxy .*/, '# HAProxy 2.6.0'));
  }
  await rig.startAgent();
  const after = await pids(rig);
  await until('the old processes to end', 20_000, async () => (await rig.haproxies()).length === 2);
  const { sent, answers, failures } = await load.end();
  expect(failures).toEqual([]);
  expect(answers.get('steady')).toBe(sent);
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
});

it('moves to another port when it is told to, and finishes what came in by the old one', async () => {
  await using rig = await startRig();
  await using app = await startApp('moved', (_req, res) => void setTimeout(() => res.end('moved'), 1_500));
  await rig.put([route('app', app.backend())]);
  await rig.stopAgent();
  const slow = get(rig.port, 'app.localhost');
  const other = await freePort();
  await rig.startAgent(other);
  expect((await get(other, 'app.localhost')).body).toBe('moved');
  expect((await slow).body).toBe('moved');
  await expect(get(rig.port, 'app.localhost')).rejects.toThrow(/REFUSED/);
});

it('does not share another port with whoever has it; visitors are served at the old one', async () => {
  await using rig = await startRig();
  await using app = await startApp('stays');
  await using stranger = await startRig(); // an HAProxy of the same user, which would let itself be joined
  await rig.put([route('app', app.backend())]);
  await rig.stopAgent();
  await expect(rig.startAgent(stranger.port)).rejects.toThrow(/the agent ended/);
  expect(await readFile(join(rig.home, 'agent.log'), 'utf8')).toContain(
    `Port ${stranger.port} is already used by another program`,
  );
  expect((await get(rig.port, 'app.localhost')).body).toBe('stays');
  expect((await get(stranger.port, 'app.localhost')).status).toBe(404);
});

it('is ended with the platform, after what it carries, and no other router with it', async () => {
  await using rig = await startRig();
  await using other = await startRig();
  await using app = await startApp(
    'last',
    (_req, res) => void setTimeout(() => res.end('last words'), 1_000),
  );
  await rig.put([route('app', app.backend())]);
  const slow = get(rig.port, 'app.localhost');
  await sleep(200);
  await rig.stopAgent();
  expect(await stopPart(homeOf(rig), 'router', patient)).toBe('stopped');
  expect((await slow).body).toBe('last words');
  expect(await rig.haproxies()).toEqual([]);
  expect(await stopPart(homeOf(rig), 'router', patient)).toBe('was not running');
  expect((await get(other.port, 'app.localhost')).status).toBe(404);
});
