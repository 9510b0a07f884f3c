import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runOrThrow } from '../../lib/child.ts';
import { openTestDoor } from '../support/fake-door.ts';

/**
 * How long a person waits for the command line: from the start of the process to its end. `apps` asks the real HTTP door
 * in front of an in-memory platform. The baseline, `node -e 0`, is what the runtime alone takes; all take turns in one
 * run, so that what else the machine does meets them alike.
 */
const ROOT = join(import.meta.dirname, '..', '..');
const APPS = 20;
/** Linux counts the processor time of children in hundredths of a second. */
const TICK_MS = 10;
const patient = new AbortController().signal;

interface Contender {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** What the median may be. */
  readonly goalMs?: number;
}

const gantry = (name: string, goalMs?: number): Contender => ({
  name: `gantry ${name}`,
  program: join(ROOT, 'bin', 'gantry'),
  args: [name],
  ...(goalMs !== undefined && { goalMs }),
});
const BASELINE = 'node -e 0';
const CONTENDERS: readonly Contender[] = [
  { name: BASELINE, program: 'node', args: ['-e', '0'] },
  gantry('--version', 100),
  gantry('apps', 250),
  gantry('help'),
];

interface Seen {
  readonly ms: number[];
  /** Of the processor, all runs together. */
  cpuMs: number;
}

/** Processor time that children of this process took, those that have ended. */
async function childrenCpuMs(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  // After the name, which may hold spaces: cutime and cstime are the fields 16 and 17 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

async function measure(rounds: number): Promise<string> {
  await using door = await openTestDoor();
  for (let app = 1; app <= APPS; app += 1) door.world.deployed(`demo-${app}`);
  const home = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    GANTRY_API_URL: door.url,
    GANTRY_API_KEY: door.world.adminToken,
  };
  const seen = new Map<string, Seen>(CONTENDERS.map(({ name }) => [name, { ms: [], cpuMs: 0 }]));
  try {
    // Round 0 warms the disk's cache for all and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const { name, program, args } of round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
        const cpu = await childrenCpuMs();
        const began = performance.now();
        await runOrThrow(program, args, { env }, patient);
        const ms = performance.now() - began;
        const one = seen.get(name);
        if (round === 0 || one === undefined) continue;
        one.ms.push(ms);
        one.cpuMs += (await childrenCpuMs()) - cpu;
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  return table(seen, rounds);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

function table(seen: ReadonlyMap<string, Seen>, rounds: number): string {
  const base = median(seen.get(BASELINE)?.ms ?? []);
  const rows = CONTENDERS.map(({ name, goalMs }) => {
    const { ms, cpuMs } = seen.get(name) ?? { ms: [], cpuMs: NaN };
    const cells = [Math.min(...ms), median(ms), Math.max(...ms), cpuMs / rounds].map((one) => one.toFixed(0));
    return `| ${[name, ...cells, (median(ms) / base).toFixed(2), goalMs === undefined ? '' : `≤ ${goalMs}`].join(' | ')} |`;
  });
  return [
    `From the start of the command to its end, ${rounds} rounds each, taking turns, a list of ${APPS} apps (milliseconds; cpu is the mean of user + system).`,
    '',
    '| | min | median | max | cpu | ratio of medians | goal |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
process.stdout.write(await measure(Number(values.rounds)));
