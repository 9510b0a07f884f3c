import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { startPlatform } from '../support/platform.ts';
import { median } from './median.ts';
import { hammer, type Outcome, type Shot } from './hammer.ts';

/**
 * The HTTP API of a running platform with a thousand apps, asked by fifty clients at once. The calls take turns with a
 * baseline (a Node server that answers the same number of bytes from memory) in one run, on the same two cores.
 */
const APPS = 1000;
const CLIENTS = 50;
/** As many people's programs would; how much they may ask is set for this platform. */
const TOKENS = 80;

interface Target {
  readonly port: number;
  readonly tokens: readonly string[];
}

interface Scenario {
  readonly name: string;
  readonly port: number;
  readonly seconds: number;
  readonly most?: number;
  readonly aim: (nth: number, client: number) => Shot;
}

interface Measured {
  readonly scenario: Scenario;
  readonly outcomes: readonly Outcome[];
}

async function measure(rounds: number): Promise<string> {
  const platform = await startPlatform({ GANTRY_API_CALLS_PER_HOUR: '10000000' });
  const { home, apiPort } = platform.place;
  const baseline = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'plain-server.ts'), '900'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const [line] = (await once(baseline.stdout, 'data')) as [Buffer];
    const admin = (await readFile(join(home, 'admin-token'), 'utf8')).trim();
    const target = { port: apiPort, tokens: await makeTokens(apiPort, admin) };
    await makeApps(target);
    const etag = await etagOf(target);
    const source = await sendSource(target);
    const base = plain(Number(line.toString()));
    // Builds come after all else: those that wait their turn would be built under the other calls.
    const alone = await takeTurns([base, ...reads(target, etag), changes(target)], rounds);
    const [builds] = await takeTurns([posted(target, source)], rounds);
    return table([...alone, ...(builds ? [builds] : [])], rounds);
  } finally {
    baseline.kill();
    await platform.remove();
  }
}

/** The outcomes of each scenario; all take turns, and the first round, which warms all sides alike, does not count. */
async function takeTurns(scenarios: readonly Scenario[], rounds: number): Promise<readonly Measured[]> {
  const measured = scenarios.map((scenario) => ({ scenario, outcomes: [] as Outcome[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { scenario, outcomes } of measured) {
      const { port, aim, ...load } = scenario;
      const outcome = await hammer(port, { clients: CLIENTS, ...load }, aim);
      if (round > 0) outcomes.push(outcome);
    }
  }
  return measured;
}

function plain(port: number): Scenario {
  return { name: 'baseline', port, seconds: 3, aim: () => ({ method: 'GET', path: '/', headers: {} }) };
}

function reads({ port, tokens }: Target, etag: string): Scenario[] {
  const as = (nth: number) => ({ authorization: `Bearer ${tokens[nth % tokens.length] ?? ''}` });
  const one = (nth: number) => `/apps/bench-${nth % APPS}`;
  return [
    {
      name: 'GET /apps/:app',
      port,
      seconds: 4,
      aim: (nth) => ({ method: 'GET', path: one(nth), headers: as(nth) }),
    },
    {
      ...{ name: 'GET /apps/:app, 304', port, seconds: 4 },
      aim: (nth) => ({
        ...{ method: 'GET', path: '/apps/bench-0' },
        headers: { ...as(nth), 'if-none-match': etag },
      }),
    },
    {
      ...{ name: `GET /apps (${APPS})`, port, seconds: 4 },
      aim: (nth) => ({ method: 'GET', path: '/apps', headers: as(nth) }),
    },
  ];
}

function changes({ port, tokens }: Target): Scenario {
  let value = 0;
  return {
    ...{ name: 'PATCH config-vars', port, seconds: 4 },
    aim: (nth, client) => ({
      ...{ method: 'PATCH', path: `/apps/bench-${client}/config-vars`, headers: jsonAs(tokens, nth) },
      body: JSON.stringify({ VALUE: String(value++) }),
    }),
  };
}

/** A build is recorded and queued by the call; that no buildpack wants it keeps the engine out of the figures. */
function posted({ port, tokens }: Target, source: string): Scenario {
  return {
    ...{ name: 'POST builds', port, seconds: 4 },
    aim: (nth, client) => ({
      ...{ method: 'POST', path: `/apps/bench-${client}/builds`, headers: jsonAs(tokens, nth) },
      body: JSON.stringify({ source_blob: { url: source } }),
    }),
  };
}

function jsonAs(tokens: readonly string[], nth: number): Record<string, string> {
  return {
    'content-type': 'application/json',
    authorization: `Bearer ${tokens[nth % tokens.length] ?? ''}`,
  };
}

async function makeTokens(port: number, admin: string): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < TOKENS) {
    const res = await fetch(`http://127.0.0.1:${port}/oauth/authorizations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ description: 'bench', scope: ['global'] }),
    });
    const body = (await res.json()) as { readonly access_token: { readonly token: string } };
    tokens.push(body.access_token.token);
  }
  return tokens;
}

async function makeApps({ port, tokens }: Target): Promise<void> {
  const made = await hammer(port, { clients: 10, seconds: 600, most: APPS }, (nth) => ({
    ...{ method: 'POST', path: '/apps', body: JSON.stringify({ name: `bench-${nth}` }) },
    headers: {
      authorization: `Bearer ${tokens[nth % tokens.length] ?? ''}`,
      'content-type': 'application/json',
    },
  }));
  if (made.statuses.get(201) !== APPS) throw new Error(`not all apps were made: ${shown(made.statuses)}`);
}

/** A source that no buildpack wants; answers its address. */
async function sendSource({ port, tokens }: Target): Promise<string> {
  const res = await fetch(`http://127.0.0.1:${port}/sources`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens[0] ?? ''}` },
  });
  const { source_blob: at } = (await res.json()) as {
    readonly source_blob: { readonly put_url: string; readonly get_url: string };
  };
  const archive = pack();
  archive.entry({ name: 'README' }, 'nothing to run');
  archive.finalize();
  const body = await buffer(archive.pipe(createGzip()));
  const sent = await fetch(at.put_url, { method: 'PUT', body });
  if (!sent.ok) throw new Error(`the source was not taken: ${await sent.text()}`);
  return at.get_url;
}

async function etagOf({ port, tokens }: Target): Promise<string> {
  const res = await fetch(`http://127.0.0.1:${port}/apps/bench-0`, {
    headers: { authorization: `Bearer ${tokens[0] ?? ''}` },
  });
  return res.headers.get('etag') ?? '';
}

function table(measured: readonly Measured[], rounds: number): string {
  const medianOf = (one: Measured | undefined, of: (outcome: Outcome) => number): number =>
    median((one?.outcomes ?? []).map(of));
  const theirs = medianOf(measured[0], ({ perSecond }) => perSecond);
  const rows = measured.map((one) => {
    const figures = (['perSecond', 'p50', 'p99'] as const).map((what) => medianOf(one, (each) => each[what]));
    const texts = figures.map((figure) => figure.toFixed(figure < 10 ? 1 : 0));
    const ratio = ((figures[0] ?? NaN) / theirs).toFixed(2);
    const statuses = shown(one.outcomes.at(-1)?.statuses ?? new Map<number, number>());
    return `| ${one.scenario.name} | ${texts.join(' | ')} | ${ratio} | ${statuses} |`;
  });
  return [
    `${APPS} apps, ${CLIENTS} clients, ${rounds} rounds taking turns; medians of the rounds.`,
    '',
    '| | req/s | p50 ms | p99 ms | ratio | answers of the last round |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function shown(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
process.stdout.write(`${await measure(Number(values.rounds))}\n`);
