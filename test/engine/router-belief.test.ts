import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, route, startApp, startRig, tellProcess, until, type Rig } from './router-rig.ts';

/** Each process has its own opinion of a server. What a table names has been seen to serve: both must believe it. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** The server's row in a process, by column. */
async function rowOf(slot: number, port: number): Promise<Record<string, string>> {
  const lines = (await tellProcess(rig, slot, 'show servers state')).split('\n');
  const names =
    lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? [];
  const rows = lines.map((line) =>
    Object.fromEntries(line.split(' ').map((cell, n) => [names[n] ?? '', cell])),
  );
  return rows.find((row) => row['srv_port'] === String(port)) ?? {};
}

async function giveUp(slot: number, port: number): Promise<void> {
  const { be_name, srv_name } = await rowOf(slot, port);
  await tellProcess(rig, slot, `set server ${be_name ?? ''}/${srv_name ?? ''} health down`);
}

/** The statuses that a dozen visitors get, each on a connection of its own: both processes answer some of them. */
async function statuses(host: string): Promise<number[]> {
  const seen = new Set<number>();
  for (let n = 0; n < 12; n += 1) seen.add((await get(rig.port, host)).status);
  return [...seen];
}

it('points an app only where both processes serve, though one had given the server up', async () => {
  await using old = await startApp('old');
  await using next = await startApp('next');
  const port = next.backend().servers[0]?.port ?? 0;
  for (let round = 0; round < 5; round += 1) {
    await rig.put([route('flip', old.backend(), { staged: next.backend() })]);
    await giveUp(round % 2, port);
    await rig.put([route('flip', next.backend())]);
    expect(await statuses('flip.localhost')).toEqual([200]);
  }
});

it('says of a staged backend that it answers only when it does in both processes', async () => {
  await using next = await startApp('staged');
  const port = next.backend().servers[0]?.port ?? 0;
  const staged = { app: 'both', host: 'both.localhost', which: 'staged' } as const;
  await rig.put([route('both', null, { staged: next.backend() })]);
  expect(await rig.probe(staged)).toMatchObject({ status: 200, byApp: true });
  for (const slot of [0, 1]) {
    await giveUp(slot, port);
    expect(await rig.probe(staged)).toMatchObject({ status: 503, byApp: false });
    await until('the check to find it again', 5_000, async () => (await rig.probe(staged)).byApp);
  }
});

it('does not give a server up for one late check in a process that was started again from disk', async () => {
  const app = await startApp('kept');
  const port = app.backend().servers[0]?.port ?? 0;
  await rig.put([route('kept', app.backend())]);
  await app.stop(); // every check fails from now on, also the first one of the next process
  const pid = (await rig.status()).processes[0]?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await until('another process', 10_000, async () => {
    const now = (await rig.status()).processes[0];
    return now?.healthy === true && now.pid !== pid;
  });
  const checksToSpare = async (): Promise<number> => Number((await rowOf(0, port))['srv_check_health']) - 1;
  await expect.poll(checksToSpare, { timeout: 5_000, interval: 20 }).toBeGreaterThan(0);
});

it('serves in every process what a new controller names, though it was given up a moment ago', async () => {
  await using api = await startApp('api');
  const [server] = api.backend().servers;
  const routes = [route('api', api.backend())];
  await rig.putRaw({ version: { epoch: 2, seq: 1 }, routes });
  for (let epoch = 3; epoch < 8; epoch += 1) {
    await api.stop();
    for (let n = 0; n < 40; n += 1) await get(rig.port, 'api.localhost');
    expect((await get(rig.port, 'api.localhost')).status).toBe(503);
    await new Promise<void>((resolve) => api.server.listen(server?.port, '127.0.0.1', resolve));
    await rig.putRaw({ version: { epoch, seq: 1 }, routes });
    const statuses = new Set<number>();
    for (let n = 0; n < 12; n += 1) statuses.add((await get(rig.port, 'api.localhost')).status);
    expect([...statuses]).toEqual([200]);
  }
});
