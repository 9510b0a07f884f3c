import { join } from 'node:path';
import { run } from '../lib/child.ts';
import { haproxyProcess } from '../router/contract.ts';
import { SUPERVISED, bareEnvironment } from './context.ts';
import type { Home } from './home.ts';
import { pidFileOf } from './keeper.ts';
import {
  ended,
  endProcess,
  findProcesses,
  readPidFile,
  signalProcess,
  type ProcessId,
} from './process-id.ts';

/** How each part is asked to end, in the order in which that happens: doors first, what they stand on last. */
export const STOPS = {
  server: { signal: 'SIGTERM', graceMs: 30_000 },
  builder: { signal: 'SIGTERM', graceMs: 15_000 },
  router: { signal: 'SIGTERM', graceMs: 15_000 },
  registry: { signal: 'SIGTERM', graceMs: 10_000 },
  redis: { signal: 'SIGTERM', graceMs: 10_000 },
  // SIGINT is PostgreSQL's "fast": open transactions are rolled back, all is written. SIGTERM would wait for clients.
  postgres: { signal: 'SIGINT', graceMs: 30_000 },
  'build-engine': { signal: 'SIGTERM', graceMs: 20_000 },
  engine: { signal: 'SIGTERM', graceMs: 30_000 },
} as const satisfies Record<string, { signal: NodeJS.Signals; graceMs: number }>;

export type PartName = keyof typeof STOPS;

/** The mark that every process of a part carries in its environment. */
export function markOf(home: Home, part: PartName): Record<string, string> {
  return { [SUPERVISED]: `${home.id}/${part}` };
}

/** How long visitors' requests may take once HAProxy was asked to end; then they are cut. */
const FINISH_MS = 2_000;

/**
 * Ends one part of a platform that nobody supervises (any more), found by its pid file, and whatever it left
 * behind; for the router that is HAProxy too, which nothing else ends. Answers whether something ran. Idempotent.
 */
export async function stopPart(
  home: Home,
  name: PartName,
  signal: AbortSignal,
): Promise<'stopped' | 'was not running'> {
  const pidFile = pidFileOf(home, name);
  const running = await readPidFile(pidFile);
  if (running) await endProcess(running, { ...STOPS[name], pidFile }, signal);
  const left = await leftoversOf(home, name, signal);
  await Promise.all(left.map((id) => endProcess(id, { signal: 'SIGTERM', graceMs: 10_000 }, signal)));
  const haproxies = name === 'router' ? await findHaproxies(home) : [];
  await Promise.all(haproxies.map((id) => endHaproxy(id, signal)));
  return running || left.length + haproxies.length > 0 ? 'stopped' : 'was not running';
}

/** The processes that serve this platform's visitors, which outlive the router. */
export function findHaproxies(home: Home): Promise<ProcessId[]> {
  const dir = join(home.root, 'router');
  return findProcesses(({ argv }) => haproxyProcess(argv, dir) !== undefined);
}

/** At SIGUSR1 HAProxy closes its port and ends once it has answered what it carries; at SIGTERM at once. */
async function endHaproxy(id: ProcessId, signal: AbortSignal): Promise<void> {
  signalProcess(id, 'SIGUSR1');
  if (!(await ended(id, FINISH_MS, signal)))
    await endProcess(id, { signal: 'SIGTERM', graceMs: 10_000 }, signal);
}

/** Processes of a part whose parent is gone. */
async function leftoversOf(home: Home, name: PartName, signal: AbortSignal): Promise<ProcessId[]> {
  // What the engine for apps started are the apps; they are ended through it or not at all.
  if (name === 'engine') return [];
  const mark = `${SUPERVISED}=${home.id}/${name}`;
  const marked = await findProcesses(({ env }) => env.includes(mark));
  return name === 'build-engine' ? [...marked, ...(await insideNamespace(home, signal))] : marked;
}

async function insideNamespace(home: Home, signal: AbortSignal): Promise<ProcessId[]> {
  const listed = await run('ip', ['netns', 'pids', `gantry-${home.id}`], { env: bareEnvironment() }, signal);
  const pids = new Set(listed.stdout.split('\n'));
  return (await findProcesses(() => true, 'anywhere')).filter((id) => pids.has(String(id.pid)));
}
