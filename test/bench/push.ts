import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pause } from '../../lib/deadline.ts';
import { freePort } from '../support/free-port.ts';
import { meetPerson, visit, type Repo } from '../support/person.ts';
import { startPlatform } from '../support/platform.ts';
import { dockerfileApp } from '../support/samples.ts';
import { addRemote, setUpBaseline } from './baseline.ts';
import { median } from './median.ts';

/**
 * Push-to-live: from the start of `git push` to the first answer of the new version through the router, for a one-line
 * change. Gantry and the hand-made baseline take turns in one run, on the same engine, with the same Dockerfile, base
 * image and cache state; neither side is warmed more than the other.
 */
const patient = new AbortController().signal;
const LIVE_LOOK_MS = 10;
const LIVE_LIMIT_MS = 60_000;

interface Contender {
  readonly name: string;
  readonly remote: string;
  readonly port: number;
  readonly host: string;
}

async function pushToLive(repo: Repo, contender: Contender, marker: string): Promise<number> {
  const began = performance.now();
  const pushing = repo.push('--quiet', contender.remote, 'main');
  for (;;) {
    const answer = await visit(contender.port, contender.host).catch(() => undefined);
    if (answer?.body === marker) break;
    if (performance.now() - began > LIVE_LIMIT_MS)
      throw new Error(`${contender.name}: not live: ${(await pushing).stderr}`);
    await pause(LIVE_LOOK_MS, patient);
  }
  const ms = performance.now() - began;
  const done = await pushing;
  if (done.code !== 0) throw new Error(`${contender.name}: ${done.stderr}`);
  return ms;
}

async function measure(rounds: number): Promise<string> {
  const platform = await startPlatform();
  const dir = await mkdtemp('/tmp/gtb-');
  try {
    await using ann = await meetPerson(platform.place);
    const repo = await ann.newApp('bench');
    const buildEngine = `unix://${join(platform.place.home, 'run', 'build-engine.sock')}`;
    await using baseline = await setUpBaseline(dir, await freePort(), { buildEngine }, patient);
    await addRemote(repo, baseline);
    const contenders: Contender[] = [
      { name: 'gantry', remote: 'gantry', port: platform.place.httpPort, host: 'bench.localhost' },
      { name: 'baseline', remote: 'baseline', port: baseline.port, host: baseline.host },
    ];
    const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
    // Round 0 is the first push ever of both sides: it fills their caches and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const marker = `round ${round}`;
      await repo.commit(dockerfileApp(marker), marker);
      const order = round % 2 === 0 ? contenders : contenders.toReversed();
      for (const contender of order) {
        const ms = await pushToLive(repo, contender, marker);
        if (round > 0) times.get(contender.name)?.push(ms);
        await pause(1_500, patient); // the other side's old instance is gone before the clock starts
      }
    }
    return table(times, rounds);
  } finally {
    await platform.remove();
    await rm(dir, { recursive: true, force: true });
  }
}

function table(times: ReadonlyMap<string, readonly number[]>, rounds: number): string {
  const row = (name: string): string => {
    const values = times.get(name) ?? [];
    return `| ${name} | ${[Math.min(...values), median(values), Math.max(...values)].map((ms) => ms.toFixed(0)).join(' | ')} |`;
  };
  const ours = median(times.get('gantry') ?? []);
  const theirs = median(times.get('baseline') ?? []);
  return [
    `Push-to-live of a one-line change, ${rounds} rounds each, taking turns (milliseconds).`,
    '',
    '| | min | median | max |',
    '|---|---|---|---|',
    row('gantry'),
    row('baseline'),
    '',
    `Ratio of medians ${(ours / theirs).toFixed(2)}; overhead ${(ours - theirs).toFixed(0)} ms.`,
    '',
  ].join('\n');
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
process.stdout.write(await measure(Number(values.rounds)));
