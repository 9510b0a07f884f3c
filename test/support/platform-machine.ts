import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../../lib/deadline.ts';
import { run, runOrThrow, type Finished } from '../../lib/child.ts';

const patient = new AbortController().signal;

/**
 * A machine without an engine, on this one: a network of its own with a way to the outside, and an empty /run, so
 * that no socket, pid file or namespace of the real machine is seen. Files and programs are shared.
 */
export interface Machine extends AsyncDisposable {
  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished>;
  /** The body of a GET made inside it, whatever its status; empty when nobody answers. */
  get(question: Readonly<Record<string, unknown>>): Promise<string>;
  /** SIGKILL to every process in it, as when the power goes. What lies in /run is gone too. */
  losePower(): Promise<void>;
}

const HOLD = [
  '#!/bin/sh',
  'mount -t tmpfs tmpfs /run',
  'mkdir -p /run/netns /run/lock',
  'echo ready',
  'exec sleep infinity',
  '',
].join('\n');

const GET = `
const [question] = process.argv.slice(1).map((text) => JSON.parse(text));
const req = require('node:http').get({ host: '127.0.0.1', timeout: 10000, ...question }, (res) => res.pipe(process.stdout));
req.on('error', () => undefined).on('timeout', () => req.destroy());
`;

export async function startMachine(): Promise<Machine> {
  const name = `gtm${randomBytes(3).toString('hex')}`;
  const outside = `${name}h`;
  const [a, b] = randomBytes(2);
  const base = `10.173.${a ?? 0}.${(b ?? 0) & 0xfc}`;
  const last = (b ?? 0) & 0xfc;
  const [host, inside] = [`10.173.${a ?? 0}.${last + 1}`, `10.173.${a ?? 0}.${last + 2}`];
  const ip = (...args: string[]): Promise<string> => runOrThrow('ip', args, {}, patient);
  const rules = [
    ['-t', 'nat', 'POSTROUTING', '-s', `${base}/30`, '!', '-o', outside, '-j', 'MASQUERADE'],
    ['-t', 'filter', 'FORWARD', '-i', outside, '-j', 'ACCEPT'],
    ['-t', 'filter', 'FORWARD', '-o', outside, '-j', 'ACCEPT'],
  ];
  const iptables = async (how: '-I' | '-D'): Promise<void> => {
    for (const [dash = '', table = '', chain = '', ...rule] of rules)
      await run('iptables', ['-w', dash, table, how, chain, ...rule], {}, patient);
  };
  await ip('netns', 'add', name);
  await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  await ip('addr', 'add', `${host}/30`, 'dev', outside);
  await ip('link', 'set', outside, 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'addr', 'add', `${inside}/30`, 'dev', 'eth0');
  await ip('-n', name, 'link', 'set', 'eth0', 'up');
  await ip('-n', name, 'route', 'add', 'default', 'via', host);
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  await iptables('-I');
  const dir = await mkdtemp('/tmp/gtm-');
  await writeFile(join(dir, 'hold.sh'), HOLD);
  let holder = await hold(name, dir);

  const endAll = async (): Promise<void> => {
    // New ones may be born while the first are dying.
    for (let round = 0; round < 100; round += 1) {
      const inside = (await run('ip', ['netns', 'pids', name], {}, patient)).stdout
        .split('\n')
        .filter(Boolean);
      if (inside.length === 0) return;
      // What runs in a container has a network of its own, and would outlive the shim that started it.
      for (const pid of await withDescendants(inside.map(Number))) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          continue; // died by itself in between
        }
      }
      await pause(50, patient);
    }
    throw new Error(`processes of ${name} do not die`);
  };
  const within = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> =>
    run('nsenter', ['--target', String(holder.pid), '--net', '--mount', command, ...args], { env }, patient);
  return {
    run: within,
    get: async (question) =>
      (await within(process.execPath, ['-e', GET, JSON.stringify(question)], {})).stdout,
    async losePower() {
      await endAll();
      holder = await hold(name, dir);
    },
    async [Symbol.asyncDispose]() {
      await endAll();
      await iptables('-D');
      await run('ip', ['link', 'delete', outside], {}, patient);
      await run('ip', ['netns', 'delete', name], {}, patient);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** These processes and all that descend from them. */
async function withDescendants(roots: readonly number[]): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = new Map(
    await Promise.all(pids.map(async (pid) => [Number(pid), await parentOf(pid)] as const)),
  );
  const found = new Set(roots);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** 0 for a process that has ended meanwhile. */
async function parentOf(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/** A process that keeps the machine's mounts alive. */
function hold(name: string, dir: string): Promise<ChildProcess> {
  const args = [
    `--net=/run/netns/${name}`,
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    join(dir, 'hold.sh'),
  ];
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the machine ended')));
    child.stdout.once('data', () => resolve(child));
  });
}
