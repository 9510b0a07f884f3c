import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveLocal, sendJson } from '../lib/local-http.ts';
import { stopPlatform, type AppsFate } from './down.ts';
import { directory, type Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import { identify, isAlive, writePidFile, type ProcessId } from './process-id.ts';
import { markOf, stopPart, type PartName } from './stopping.ts';

const patient = new AbortController().signal;
let home: Home;
const begun: ProcessId[] = [];
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'stopping-'));
  const id = randomBytes(3).toString('hex');
  home = { id, root, run: join(root, 'run'), logs: root, secrets: root, volatile: root };
  await directory(home.run, 0o700);
});
afterEach(async () => {
  for (const id of begun.splice(0)) if (isAlive(id)) process.kill(id.pid, 'SIGKILL');
  await rm(home.root, { recursive: true });
});

async function begin(
  env: Record<string, string>,
  [program, ...args]: readonly [string, ...string[]] = ['/bin/sleep', '60'],
): Promise<ProcessId> {
  const child = spawn(program, args, { env, stdio: 'ignore', detached: true });
  await new Promise((resolve) => child.once('spawn', resolve));
  const id = identify(child.pid ?? 0);
  if (!id) throw new Error('it does not run');
  begun.push(id);
  return id;
}
/** Waits until the process would hear the signal instead of dying of it. */
async function hears({ pid }: ProcessId, name: 'SIGTERM'): Promise<void> {
  const bit = 1n << BigInt(constants.signals[name] - 1);
  const caught = async (): Promise<boolean> => {
    const [, mask = '0'] =
      /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${mask}`) & bit) !== 0n;
  };
  await expect.poll(caught, { interval: 5 }).toBe(true);
}
async function runs(name: PartName): Promise<ProcessId> {
  const id = await begin(markOf(home, name));
  await writePidFile(pidFileOf(home, name), { ...id, fingerprint: 'f' });
  return id;
}

describe('stopping a part', () => {
  it('ends the process of its pid file, and the file with it', async () => {
    const id = await runs('redis');
    expect(await stopPart(home, 'redis', patient)).toBe('stopped');
    expect(isAlive(id)).toBe(false);
    await expect(stat(pidFileOf(home, 'redis'))).rejects.toThrow('ENOENT');
    expect(await stopPart(home, 'redis', patient)).toBe('was not running');
  });

  it('ends what it left behind, found by its mark, and nothing of another part or platform', async () => {
    const left = await begin(markOf(home, 'router'));
    const others = [
      await begin(markOf(home, 'builder')),
      await begin(markOf({ ...home, id: 'zzzzzz' }, 'router')),
    ];
    expect(await stopPart(home, 'router', patient)).toBe('stopped');
    expect([isAlive(left), ...others.map(isAlive)]).toEqual([false, true, true]);
  });

  it('ends nobody who only reads a file of the router', async () => {
    const table = join(home.root, 'router', 'table.json');
    await mkdir(join(home.root, 'router'));
    await writeFile(table, '{}');
    const reader = await begin({}, ['/usr/bin/tail', '-f', table]);
    expect(await stopPart(home, 'router', patient)).toBe('was not running');
    expect(isAlive(reader)).toBe(true);
  });

  it('leaves what the engine started to the engine: those are the apps', async () => {
    const app = await begin(markOf(home, 'engine'));
    expect(await stopPart(home, 'engine', patient)).toBe('was not running');
    expect(isAlive(app)).toBe(true);
  });
});

describe('stopping a platform', () => {
  /** An engine with these containers of ours and these of others; what it was told, in order. */
  async function engineWith(ours: string[], others: string[]) {
    const told: string[] = [];
    const socket = join(home.root, 'engine.sock');
    const engine = await serveLocal(socket, (req, res) => {
      const url = decodeURIComponent(req.url ?? '');
      if (req.method !== 'GET') told.push(`${req.method ?? ''} ${url}`);
      const isOurs = url.includes(`gantry.platform=${home.id}`);
      const stopped = told.some((call) => call.includes('/stop'));
      if (req.method !== 'GET') res.writeHead(204).end();
      else if (url.includes('/networks')) sendJson(res, 200, [{ Id: 'network' }]);
      else
        sendJson(
          res,
          200,
          (isOurs ? ours : [...(stopped ? [] : ours), ...others]).map((Id) => ({ Id })),
        );
      return Promise.resolve();
    });
    return { told, address: `unix://${socket}`, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
  }
  const stop = async (engine: string, apps: AppsFate, silentMs?: number): Promise<string[]> => {
    const said: string[] = [];
    const terminal = { say: (line: string) => said.push(line), confirm: () => Promise.resolve(false) };
    const how = { apps, engine, terminal, ...(silentMs !== undefined && { silentMs }) };
    await stopPlatform(home, how, patient);
    return said;
  };

  it('ends its parts doors first, and keeps the apps of an engine that is not ours', async () => {
    await using engine = await engineWith(['a'], []);
    for (const name of ['postgres', 'server', 'redis', 'router'] as const) await runs(name);
    expect(await stop(engine.address, 'keep where the engine is not ours')).toEqual([
      '  server: stopped',
      '  router: stopped',
      '  redis: stopped',
      '  postgres: stopped',
    ]);
    expect(engine.told).toEqual([]);
  });

  it('says what it waits for when a part takes its time', async () => {
    await using engine = await engineWith([], []);
    const slow = ['/bin/sh', '-c', "trap 'sleep 0.1; exit' TERM; sleep 60 & wait"] as const;
    const id = await begin(markOf(home, 'redis'), slow);
    await writePidFile(pidFileOf(home, 'redis'), { ...id, fingerprint: 'f' });
    await hears(id, 'SIGTERM');
    const said = await stop(engine.address, 'keep where the engine is not ours', 1);
    expect(said.filter((line) => line.startsWith('  redis'))).toEqual([
      '  redis: still ending; it is given 10 s …',
      '  redis: stopped',
    ]);
  });

  it('ends our own engine last, after the apps', async () => {
    await using engine = await engineWith(['a', 'b'], []);
    const id = await runs('engine');
    expect(await stop(engine.address, 'keep where the engine is not ours')).toEqual([
      '  apps: 2 instances stopped',
      '  engine: stopped',
    ]);
    expect(isAlive(id)).toBe(false);
    expect(engine.told.map((call) => call.replace(/\?.*/, ''))).toEqual([
      'POST /containers/a/stop',
      'POST /containers/b/stop',
    ]);
  });

  it('leaves our engine running for containers that are somebody else’s', async () => {
    await using engine = await engineWith([], ['theirs']);
    const id = await runs('engine');
    expect(await stop(engine.address, 'stop')).toEqual([
      '  engine: left running for 1 containers that are not of this platform',
    ]);
    expect(isAlive(id)).toBe(true);
  });

  it('removes the apps with their networks when that is their fate', async () => {
    await using engine = await engineWith(['a'], []);
    await stop(engine.address, 'remove');
    expect(engine.told.map((call) => call.replace(/\?.*/, '')).slice(-2)).toEqual([
      'DELETE /containers/a',
      'DELETE /networks/network',
    ]);
  });

  it('goes on when the engine does not answer, and says so', async () => {
    await runs('registry');
    const said = await stop(`unix://${home.root}/none.sock`, 'stop');
    expect(said[0]).toMatch(/apps: the engine does not answer .* left alone/);
    expect(said[1]).toBe('  registry: stopped');
  });
});
