import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type Finished } from '../../lib/child.ts';
import { freePort } from './free-port.ts';
import type { PlatformPlace } from './person.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const patient = new AbortController().signal;

/** A whole platform of the tests' own, beside whatever else runs on this machine. */
export interface TestPlatform {
  readonly place: PlatformPlace;
  /** The settings it was made with: for the scripts, and for programs that want to reach it. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs one of the scripts of script/ with the platform's settings. */
  script(name: 'server' | 'stop' | 'uninstall', ...args: readonly string[]): Promise<Finished>;
  doctor(...args: readonly string[]): Promise<Finished>;
  /** Removes all of it; throws when something could not be removed. */
  remove(): Promise<void>;
}

/** Settings for a platform that is not started yet: a home and ports of its own. */
export async function newPlatform(more: NodeJS.ProcessEnv = {}): Promise<TestPlatform> {
  // Short: the path of a unix socket has room for 107 characters.
  const home = await mkdtemp('/tmp/gty-');
  const ports = await freePorts();
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    GANTRY_HOME: home,
    ...Object.fromEntries(PORTS.map((name) => [`GANTRY_${name}_PORT`, String(ports[name])])),
    GANTRY_COMMAND_LINK: '',
    GANTRY_STACK_CACHE: '/var/cache/gantry/stack', // what the stack is made of is fetched once for all suites
    ...more,
  };
  const script = (name: string, ...args: readonly string[]): Promise<Finished> =>
    run(join(ROOT, 'script', name), args, { env }, patient);
  return {
    place: {
      home,
      httpPort: ports.HTTP,
      httpsPort: ports.HTTPS,
      sshPort: ports.SSH,
      apiPort: ports.API,
      execPort: ports.EXEC,
    },
    env,
    script,
    doctor: (...args) => run(join(ROOT, 'bin', 'gantry'), ['doctor', ...args], { env }, patient),
    async remove() {
      // A start that failed early has made nothing yet, and uninstall leaves alone what is not a platform's.
      const made = await readFile(join(home, 'id')).then(
        () => true,
        () => false,
      );
      const done = made ? await script('uninstall', '--purge', '--yes') : undefined;
      if (done && done.code !== 0) throw new Error(`uninstall: ${done.stderr}`);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A platform that runs. What its start prints goes to standard error, since on a fresh machine it takes minutes. */
export async function startPlatform(more: NodeJS.ProcessEnv = {}): Promise<TestPlatform> {
  const platform = await newPlatform(more);
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(join(ROOT, 'script', 'server'), ['--detach'], {
      env: platform.env,
      stdio: ['ignore', process.stderr, process.stderr],
    });
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code === 0) return platform;
  await platform.remove();
  throw new Error(`script/server --detach ended with ${code ?? 'a signal'}`);
}

/** The settings that are ports. */
const PORTS = ['HTTP', 'HTTPS', 'SSH', 'API', 'REGISTRY', 'RENDEZVOUS', 'EXEC'] as const;
type Ports = Readonly<Record<(typeof PORTS)[number], number>>;

async function freePorts(): Promise<Ports> {
  const ports = await Promise.all(PORTS.map(async (name) => [name, await freePort()] as const));
  // Every name has its port: the list was made from the names.
  return Object.fromEntries(ports) as Ports;
}
