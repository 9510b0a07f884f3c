import { existsSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import type { Route } from '../../router/contract.ts';
import {
  get,
  PER_SECOND,
  route,
  sleep,
  startApp,
  startLoad,
  startRig,
  tellProcess,
  until,
  type Rig,
} from './router-rig.ts';

async function pids(rig: Rig): Promise<number[]> {
  return (await rig.status()).processes.map((p) => p.pid);
}

function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`);
}

async function healthyAgain(rig: Rig, without: number): Promise<void> {
  await until('both processes to be healthy again', 5_000, async () => {
    const { processes } = await rig.status();
    return processes.every((p) => p.healthy && p.pid !== without);
  });
}

it('replaces a killed process from disk while the other one serves, and keeps its counters', async () => {
  await using rig = await startRig();
  await using app = await startApp('solid');
  await rig.put([route('solid', app.backend())]);
  const load = startLoad(rig.port, 'solid.localhost');
  await sleep(500);
  let held = 0;
  for (let n = 0; n < 10; n += 1) {
    const victim = (await pids(rig))[n % 2] ?? 0;
    await rig.backends(); // takes the victim's counters down
    held += load.open();
    process.kill(victim, 'SIGKILL');
    await healthyAgain(rig, victim);
    expect(runs(victim)).toBe(false);
    await sleep(150);
  }
  const { sent, answers, failures } = await load.end();
  // Only what a killed process held may be lost, and a handful in its queue each time; nothing is refused.
  expect(failures.filter((why) => !why.includes(' s: reset '))).toEqual([]);
  expect(sent - (answers.get('solid') ?? 0)).toBeLessThanOrEqual(held + 10 * 8);
  expect((await rig.status()).processes.map((p) => p.restarts)).toEqual([5, 5]);
  const seen = await rig.backend('solid', 'solid');
  expect(seen?.requests).toBeGreaterThan((answers.get('solid') ?? 0) * 0.9);
});

it('goes on serving when the agent is killed, and the next agent adopts the processes and takes new tables', async () => {
  await using rig = await startRig();
  await using one = await startApp('one');
  await using two = await startApp('two');
  await rig.put([route('app', one.backend())]);
  const before = await pids(rig);
  const load = startLoad(rig.port, 'app.localhost');
  await sleep(300);
  const agent = rig.agentPid();
  await rig.killAgent();
  expect(runs(agent)).toBe(false);
  await sleep(500);
  await rig.startAgent();
  expect(await pids(rig)).toEqual(before);
  expect((await rig.status()).version).toEqual({ epoch: 1, seq: 1 });
  await rig.put([route('app', two.backend())]);
  await sleep(300);
  const { answers, failures } = await load.end();
  expect(failures).toEqual([]);
  expect(answers.get('one')).toBeGreaterThan(0);
  expect(answers.get('two')).toBeGreaterThan(0);
  // What was counted before the kill is not lost with the agent: the processes still know it.
  expect((await rig.backend('app', 'one'))?.requests).toBe(answers.get('one'));
  await expect(rig.putRaw({ version: { epoch: 1, seq: 0 }, routes: [] })).rejects.toThrow(/409/);
});

it('restarts a process that an earlier agent had started', async () => {
  await using rig = await startRig();
  await rig.killAgent();
  await rig.startAgent();
  const [victim = 0] = await pids(rig);
  process.kill(victim, 'SIGKILL');
  await healthyAgain(rig, victim);
  expect(await pids(rig)).not.toContain(victim);
});

it('starts from disk alone after everything was killed, with every route of the last table', async () => {
  await using rig = await startRig();
  await using app = await startApp('kept');
  const routes: Route[] = Array.from({ length: 100 }, (_, n) =>
    route(`app-${n}`, n % 2 ? app.backend() : null),
  );
  await rig.put(routes);
  const all = await pids(rig);
  await rig.killAgent();
  for (const pid of all) process.kill(pid, 'SIGKILL');
  await until('all to be dead', 2_000, () => Promise.resolve(!all.some(runs)));
  await expect(get(rig.port, 'app-1.localhost')).rejects.toThrow(/REFUSED/);
  await rig.startAgent();
  for (let n = 0; n < 100; n += 1)
    expect((await get(rig.port, `app-${n}.localhost`)).status, `app-${n}`).toBe(n % 2 ? 200 : 503);
});

it('repairs what somebody changed in a process behind its back', async () => {
  await using rig = await startRig();
  await using app = await startApp('right');
  await rig.put([route('right', app.backend())]);
  for (const slot of [0, 1]) {
    await tellProcess(
      rig,
      slot,
      'del map routes.map right.localhost; add map routes.map bad.localhost right',
    );
    await tellProcess(rig, slot, 'set server p00000/s1 state maint; set map apps.map right none');
  }
  expect((await get(rig.port, 'right.localhost')).status).toBe(404);
  await until('the repair', 12_000, async () => (await get(rig.port, 'right.localhost')).status === 200);
  for (const slot of [0, 1]) {
    expect(await tellProcess(rig, slot, 'show map routes.map')).not.toContain('bad.localhost');
    expect(await tellProcess(rig, slot, 'show map apps.map')).toContain('right p00000');
  }
});

it('grows the pool under load without losing a request, and open WebSockets and slow answers survive', async () => {
  await using rig = await startRig();
  await using app = await startApp('grown', (req, res) => {
    if (req.url === '/slow') setTimeout(() => res.end('slow'), 3_000);
    else res.end('grown');
  });
  app.server.on('upgrade', (_req, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('error', () => undefined);
  });
  await rig.put([route('grown', app.backend())]);
  const sockets = await Promise.all(Array.from({ length: 6 }, () => openEcho(rig.port, 'grown.localhost')));
  const slow = Promise.all(
    Array.from({ length: 6 }, () => get(rig.port, 'grown.localhost', { path: '/slow' })),
  );
  const load = startLoad(rig.port, 'grown.localhost');
  await sleep(300);
  const before = await pids(rig);

  const many = Array.from({ length: 300 }, (_, n) => route(`many-${n}`, { ...app.backend(), key: `m${n}` }));
  await rig.put([route('grown', app.backend()), ...many]);
  expect(await pids(rig)).not.toEqual(before);
  const status = await rig.status();
  expect(status.reloads).toBeGreaterThan(0);
  expect(status.pool.size).toBeGreaterThan(300);
  expect((await get(rig.port, 'many-299.localhost')).body).toBe('grown');
  await sleep(1_500);

  expect((await slow).map((a) => a.body)).toEqual(Array.from({ length: 6 }, () => 'slow'));
  for (const socket of sockets) expect(await socket.echo('still here')).toBe('still here');
  // The old processes are asked too: their WebSockets count, also when several people ask at the same moment.
  const sessions = await Promise.all(
    Array.from({ length: 20 }, async () => (await rig.backend('grown', 'grown'))?.sessions ?? 0),
  );
  expect(Math.min(...sessions)).toBeGreaterThanOrEqual(6);
  const { sent, failures, seconds } = await load.end();
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThan(seconds * PER_SECOND * 0.9);
  for (const socket of sockets) socket.close();
  await until('the old processes to end', 20_000, () => Promise.resolve(!before.some(runs)));
  expect((await rig.backend('grown', 'grown'))?.sessions).toBe(0);
});

it('answers idle connections across a reload, with what is served now and not what was', async () => {
  await using rig = await startRig();
  await using before = await startApp('before');
  await using after = await startApp('after');
  await rig.put([route('app', before.backend())]);
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  for (const agent of agents) await get(rig.port, 'app.localhost', { agent });
  const many = Array.from({ length: 200 }, (_, n) =>
    route(`many-${n}`, { ...before.backend(), key: `m${n}` }),
  );
  await rig.put([route('app', before.backend()), ...many]);
  expect((await rig.status()).reloads).toBe(1);
  await rig.put([route('app', after.backend()), ...many]);
  for (const agent of agents) {
    const answer = await get(rig.port, 'app.localhost', { agent });
    expect([answer.status, answer.body, answer.reused]).toEqual([200, 'after', true]);
    expect((await get(rig.port, 'app.localhost', { agent })).body).toBe('after');
    agent.destroy();
  }
});

it('converges after the agent was killed at any moment of an apply or a start, with two processes and no third', async () => {
  await using rig = await startRig();
  const apps = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((n) => startApp(`r${n}`)));
  await rig.put([route('app', apps[0]?.backend() ?? null)]);
  for (const [n, app] of apps.entries()) {
    const answer = rig.put([route('app', app.backend())]).then(
      () => 'acknowledged',
      () => 'cut',
    );
    await sleep(n); // an apply takes a few milliseconds
    await rig.killAgent();
    const said = await answer;
    if (n % 2 === 1) {
      for (const pid of await rig.haproxies()) process.kill(pid, 'SIGKILL');
      const starting = rig.startAgent().catch(() => undefined);
      await sleep(500 + n * 40);
      await rig.killAgent();
      await starting;
    }
    await rig.startAgent();
    expect(await rig.haproxies()).toHaveLength(2);
    const bodies = new Set<string>();
    for (let k = 0; k < 8; k += 1) bodies.add((await get(rig.port, 'app.localhost')).body);
    expect(bodies.size).toBe(1);
    if (said === 'acknowledged') expect([...bodies]).toEqual([app.name]);
  }
  for (const app of apps) await app[Symbol.asyncDispose]();
});

it('runs beside another router of the same machine without touching it', async () => {
  await using left = await startRig();
  await using right = await startRig();
  await using app = await startApp('left');
  await left.put([route('mine', app.backend())]);
  expect((await get(right.port, 'mine.localhost')).status).toBe(404);
  const rightPids = await pids(right);
  await left.stopAgent();
  expect(rightPids.every(runs)).toBe(true);
  expect(await pids(right)).toEqual(rightPids);
  expect((await get(right.port, 'mine.localhost')).status).toBe(404);
});

interface Echo {
  echo(text: string): Promise<string>;
  close(): void;
}

function openEcho(port: number, host: string): Promise<Echo> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    socket.once('data', (head: Buffer) => {
      if (!head.toString().startsWith('HTTP/1.1 101')) {
        reject(new Error(head.toString().slice(0, 100)));
        return;
      }
      resolve({
        echo: (text) =>
          new Promise((answered) => {
            socket.once('data', (chunk: Buffer) => answered(chunk.toString()));
            socket.write(text);
          }),
        close: () => socket.destroy(),
      });
    });
  });
}
