import { spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../lib/child.ts';
import type { Repo } from '../support/person.ts';

const HERE = join(import.meta.dirname, 'baseline');
const HOST = 'bench.test';

export interface Baseline extends AsyncDisposable {
  readonly host: string;
  /** What to push to: a path, so no SSH handshake is counted against the baseline's favour. */
  readonly remote: string;
  readonly port: number;
}

/** Sets up the hand-made deploy of test/bench/baseline: a bare repository with a hook, a network, an HAProxy. */
export async function setUpBaseline(
  dir: string,
  port: number,
  stack: { readonly buildEngine: string },
  signal: AbortSignal,
): Promise<Baseline> {
  const bare = join(dir, 'baseline.git');
  const socket = join(dir, 'baseline.sock');
  const map = join(bare, 'routes.map');
  const name = `gantry-bench-${String(process.pid)}`;
  await runOrThrow('git', ['init', '-q', '--bare', '-b', 'main', bare], {}, signal);
  await mkdir(join(bare, 'hooks'), { recursive: true });
  await copyFile(join(HERE, 'post-receive'), join(bare, 'hooks', 'post-receive'));
  await writeFile(map, `${HOST} green\n`);
  const settings = { IMAGE: name, NETWORK: name, HOST, SOCKET: socket, WORK: join(dir, 'work') };
  await writeFile(
    join(bare, 'bench.env'),
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  await runOrThrow('docker', ['network', 'create', name], {}, signal);
  await lendStack(stack.buildEngine, signal);

  const haproxy = spawn('haproxy', ['-db', '-f', join(HERE, 'haproxy.cfg')], {
    env: { ...process.env, BENCH_SOCKET: socket, BENCH_PORT: String(port), BENCH_MAP: map },
    stdio: 'ignore',
  });
  return {
    host: HOST,
    remote: bare,
    port,
    async [Symbol.asyncDispose]() {
      haproxy.kill('SIGTERM');
      const left = await runOrThrow('docker', ['ps', '-aq', '--filter', `network=${name}`], {}, signal);
      const ids = left.split('\n').filter((id) => id !== '');
      if (ids.length > 0) await runOrThrow('docker', ['rm', '-f', ...ids], {}, signal);
      await runOrThrow('docker', ['network', 'rm', name], {}, signal);
      const images = await runOrThrow('docker', ['images', '-q', name], {}, signal);
      const unique = [...new Set(images.split('\n').filter((id) => id !== ''))];
      if (unique.length > 0) await runOrThrow('docker', ['rmi', '-f', ...unique], {}, signal);
    },
  };
}

/** Both sides build `FROM gantry/stack`: the engine that the baseline builds in gets the very same image. */
async function lendStack(buildEngine: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const save = spawn('docker', ['-H', buildEngine, 'save', 'gantry/stack'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
    });
    const load = spawn('docker', ['load', '-q'], { stdio: ['pipe', 'ignore', 'inherit'], signal });
    save.stdout.pipe(load.stdin);
    save.on('error', reject);
    load.on('error', reject);
    load.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`docker load ended with ${String(code)}`)),
    );
  });
}

export async function addRemote(repo: Repo, baseline: Baseline): Promise<void> {
  await repo.git('remote', 'add', 'baseline', baseline.remote);
}
