import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';

/** A throw-away Redis on a unix socket, as the platform runs it: nothing on the network, an append-only file. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Runs a command, answers what redis-cli prints. */
  tell(...command: string[]): Promise<string>;
}

/** Makes a place for one; `start` starts it. */
export async function makeRedis(): Promise<TestRedis> {
  const home = await mkdtemp(join(tmpdir(), 'gantry-redis-'));
  const socket = join(home, 'redis.sock');
  const patient = new AbortController().signal;
  let server: ChildProcess | undefined;

  async function tell(...command: string[]): Promise<string> {
    return (await run('redis-cli', ['-s', socket, ...command], {}, patient)).stdout.trim();
  }
  async function kill(): Promise<void> {
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  }
  return {
    url: `unix://${socket}`,
    tell,
    kill,
    async start() {
      const options = [
        '--port',
        '0',
        '--unixsocket',
        socket,
        '--dir',
        home,
        '--appendonly',
        'yes',
        '--save',
        '',
      ];
      server = spawn('redis-server', options, { stdio: 'ignore' });
      while ((await tell('PING')) !== 'PONG') await pause(20, patient);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(home, { recursive: true, force: true });
    },
  };
}
