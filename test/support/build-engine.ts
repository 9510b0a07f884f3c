import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { pause } from '../../lib/deadline.ts';
import { run, runOrThrow } from '../../lib/child.ts';

/** A dockerd of its own in a network namespace of its own, as the platform's build engine is in production. */
export interface BuildEngine extends AsyncDisposable {
  /** For GANTRY_BUILD_DOCKER_HOST. */
  readonly dockerHost: string;
  /** The address of this machine as the engine sees it: the registry door listens there. */
  readonly hostAddress: string;
  /** The engine's own address as this machine sees it. */
  readonly engineAddress: string;
  /** Name of the network namespace. */
  readonly netns: string;
  readonly pid: number;
  /** Where it keeps images and the build cache. */
  readonly dataRoot: string;
}

export interface BuildEngineOptions {
  /** An empty directory of the test; holds the engine's images, socket and log. Not below /run. */
  readonly home: string;
  /** Port on `hostAddress` where a registry without TLS will answer. */
  readonly registryPort: number;
}

/**
 * Starts the engine and waits until it answers. Every name is drawn at random, so several may run at once.
 * Disposal ends the daemon and removes namespace, addresses, packet rules and data.
 */
export async function startBuildEngine(
  options: BuildEngineOptions,
  signal: AbortSignal,
): Promise<BuildEngine> {
  const id = randomBytes(3).toString('hex');
  const netns = `gantry-t${id}`;
  const link = `gtt${id}h`;
  const net = subnetOf(id);
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  const quiet = new AbortController().signal; // clean-up goes on when the test's own signal is spent
  const ip = (...args: string[]): Promise<string> => runOrThrow('ip', args, {}, signal);
  const inside = (...args: string[]): Promise<string> =>
    runOrThrow('nsenter', [`--net=/run/netns/${netns}`, 'ip', ...args], {}, signal);

  try {
    await ip('netns', 'add', netns);
    undo.push(() => run('ip', ['netns', 'delete', netns], {}, quiet));
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'up0', 'netns', netns);
    undo.push(() => run('ip', ['link', 'delete', link], {}, quiet));
    await ip('address', 'add', `${net.host}/30`, 'dev', link);
    await ip('link', 'set', link, 'up');
    await inside('link', 'set', 'lo', 'up');
    await inside('address', 'add', `${net.engine}/30`, 'dev', 'up0');
    await inside('link', 'set', 'up0', 'up');
    await inside('route', 'add', 'default', 'via', net.host);
    await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
    for (const rule of packetRules(link, net)) {
      await runOrThrow('iptables', ['-w', ...rule.table, '-I', ...rule.match], {}, signal);
      undo.push(() => run('iptables', ['-w', ...rule.table, '-D', ...rule.match], {}, quiet));
    }
    const socket = join(options.home, 'engine.sock');
    const child = await startDaemon({ ...options, netns, net, socket });
    undo.push(async () => {
      await endDaemon(child);
      await rm(options.home, { recursive: true, force: true });
    });
    await answering(socket, child, signal);
    return {
      dockerHost: `unix://${socket}`,
      hostAddress: net.host,
      engineAddress: net.engine,
      netns,
      pid: child.pid ?? 0,
      dataRoot: join(options.home, 'data'),
      [Symbol.asyncDispose]: close,
    };
  } catch (err) {
    await close();
    throw err;
  }
}

interface Net {
  readonly host: string;
  readonly engine: string;
  readonly subnet: string;
  readonly bridge: string;
}

/** A /30 for the link out of 10.231.0.0/16 and a bridge out of 10.232.0.0/16, by the engine's random id. */
function subnetOf(id: string): Net {
  const hash = createHash('sha256').update(id).digest();
  const block = hash.readUInt16BE(0) % 16384;
  const base = (offset: number): string => `10.231.${(block * 4) >> 8}.${((block * 4) & 255) + offset}`;
  return {
    host: base(1),
    engine: base(2),
    subnet: `${base(0)}/30`,
    bridge: `10.232.${hash.readUInt8(2)}.1/24`,
  };
}

function packetRules(link: string, net: Net): { table: string[]; match: string[] }[] {
  return [
    { table: ['-t', 'nat'], match: ['POSTROUTING', '-s', net.subnet, '!', '-o', link, '-j', 'MASQUERADE'] },
    // Docker's own default for FORWARD is DROP.
    { table: [], match: ['FORWARD', '-i', link, '-j', 'ACCEPT'] },
    { table: [], match: ['FORWARD', '-o', link, '-j', 'ACCEPT'] },
  ];
}

async function startDaemon(
  options: BuildEngineOptions & { netns: string; net: Net; socket: string },
): Promise<ChildProcess> {
  await mkdir(options.home, { recursive: true });
  const log = await open(join(options.home, 'engine.log'), 'a');
  const script = join(import.meta.dirname, 'build-engine.sh');
  const child = spawn(
    'nsenter',
    [
      ...[`--net=/run/netns/${options.netns}`, 'unshare', '-m', 'sh', script],
      ...['--host', `unix://${options.socket}`, '--pidfile', join(options.home, 'engine.pid')],
      ...['--data-root', join(options.home, 'data'), '--exec-root', join(options.home, 'exec')],
      ...['--bip', options.net.bridge, '--storage-driver', 'overlay2'],
      ...['--insecure-registry', `${options.net.host}:${options.registryPort}`],
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  );
  child.on('error', () => undefined); // seen as an exit by whoever waits for the socket
  await log.close();
  return child;
}

async function answering(socket: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const docker = new Docker({ socketPath: socket, timeout: 1000 });
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null)
      throw new Error(`the build engine ended with ${child.exitCode}; see engine.log`);
    try {
      await docker.ping();
      return;
    } catch {
      await pause(100, signal); // not listening yet
    }
  }
  throw new Error('the build engine did not answer within 30 s');
}

async function endDaemon(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(timer);
}
