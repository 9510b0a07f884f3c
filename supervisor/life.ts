import { join } from 'node:path';
import { buildEvent } from '../builder/contract.ts';
import { pause, withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import { callLines } from '../lib/local-http.ts';
import type { Logger } from '../lib/log.ts';
import type { Settings } from './config.ts';
import { serveControl, type Story } from './control.ts';
import { setupErrors } from './errors.ts';
import type { Home } from './home.ts';
import type { Part, PartStatus } from './part.ts';
import { codeVersion, declarePlatform, selfCheck, supervisionVersion } from './platform.ts';
import { findHaproxies, stopPart, STOPS, type PartName } from './stopping.ts';
import { supervise, type Supervision } from './supervise.ts';

export interface LifeDeps {
  readonly home: Home;
  readonly settings: Settings;
  readonly inherited: Readonly<Record<string, string>>;
  readonly log: Logger;
  readonly story: Story;
}

const STACK_MS = 15 * 60_000;
const SELF_CHECK_MS = 30_000;
/** What apps get to come back before a start calls itself ready without them; a small one is up within a second or two. */
const APPS_MS = 8_000;

/**
 * One life of a supervisor: starts or adopts the parts, tells the story of the start, then keeps watch until the
 * signal aborts or another process takes over. The parts run on afterwards; whoever asked decides about them.
 * A start in which a part does not become ready ends the life with its error; what this life started is stopped
 * then, what it found running is left as it was. A router whose HAProxy was found serving visitors is left too, also
 * when this life started it anew: a start that fails must not be what ends that.
 */
export async function superviseUntil(
  deps: LifeDeps,
  signal: AbortSignal,
): Promise<'handed over' | 'asked to stop'> {
  const { home, settings, story, log } = deps;
  const platform = await declarePlatform(home, settings, deps.inherited, signal);
  let handOver = (): void => undefined;
  const handedOver = new Promise<'handed over'>((resolve) => {
    handOver = () => resolve('handed over');
  });
  const stopped = new Promise<'asked to stop'>((resolve) => {
    signal.addEventListener('abort', () => resolve('asked to stop'), { once: true });
  });
  const kept = new Set((await findHaproxies(home)).length > 0 ? ['router'] : []);
  await using supervision = supervise(platform.parts, platform.given, {
    home,
    log,
    upkeep: platform.upkeep,
    changed: (status) => {
      log.info(
        { part: status.name, state: status.state, problem: status.problem, pid: status.pid },
        'part changed',
      );
      const text = sentenceOf(status);
      if (text !== undefined) story.tell({ kind: 'line', text });
    },
  });
  const control = await serveControl(home, {
    story,
    handOver,
    version: supervisionVersion(settings, await codeVersion()),
    parts: () => supervision.statuses(),
  });
  try {
    const started = start(deps, { supervision, kept, parts: platform.parts }, signal);
    const end = await Promise.race([handedOver, stopped, started.then(() => undefined)]);
    return end ?? (await Promise.race([handedOver, stopped]));
  } finally {
    await control[Symbol.asyncDispose]();
  }
}

async function start(
  deps: LifeDeps,
  {
    supervision,
    kept,
    parts,
  }: {
    readonly supervision: Supervision;
    readonly kept: ReadonlySet<string>;
    readonly parts: readonly Part[];
  },
  signal: AbortSignal,
): Promise<void> {
  const { home, settings, story } = deps;
  try {
    await supervision.ready(signal);
  } catch (err) {
    if (signal.aborted) return;
    const ours = supervision
      .statuses()
      .filter((status) => status.origin === 'started' && !kept.has(status.name));
    await supervision[Symbol.asyncDispose]();
    const names = new Set(ours.map((status) => status.name));
    for (const name of Object.keys(STOPS))
      if (names.has(name)) await stopPart(home, name as PartName, signal); // its own keys
    story.tell({ kind: 'failed', message: messageOf(err) });
    await pause(300, signal); // whoever listens hears the end before the line is cut
    throw err;
  }
  // From here on the platform runs; what fails now is said, and does not take it away again.
  try {
    await ensureStack(home, story, signal);
    await checkThroughRouter(settings, signal);
    await waitForApps(settings, story, signal);
    await endUnneeded(home, { parts, story }, signal);
    story.tell({ kind: 'ready' });
  } catch (err) {
    if (!signal.aborted) story.tell({ kind: 'failed', message: messageOf(err) });
  }
}

/** Asks the builder for the stack image; it is made once and then only looked at. */
async function ensureStack(home: Home, story: Story, signal: AbortSignal): Promise<void> {
  const call = { socket: join(home.run, 'builder.sock'), method: 'PUT', path: '/stack' } as const;
  await withDeadline(STACK_MS, signal, async (inner) => {
    for await (const line of callLines(call, inner)) {
      const event = buildEvent.parse(line);
      if (event.kind === 'line') story.tell({ kind: 'line', text: event.text });
      if (event.kind === 'failed') throw setupErrors.of('stack_failed', { said: event.message });
    }
  });
}

async function checkThroughRouter(settings: Settings, signal: AbortSignal): Promise<void> {
  const until = Date.now() + SELF_CHECK_MS;
  for (;;) {
    try {
      await withDeadline(5_000, signal, (inner) => selfCheck(settings, inner));
      return;
    } catch (err) {
      signal.throwIfAborted();
      const port = settings.GANTRY_HTTP_PORT;
      const url = `http://api.${settings.GANTRY_DOMAIN}:${port}`;
      if (Date.now() > until)
        throw setupErrors.of('self_check_failed', { url, port, said: messageOf(err) }, err);
      await pause(50, signal);
    }
  }
}

/** Who starts a platform visits an app next. Apps that take longer are said to, and not waited for. */
async function waitForApps(settings: Settings, story: Story, signal: AbortSignal): Promise<void> {
  const until = Date.now() + APPS_MS;
  while (!(await withDeadline(5_000, signal, (inner) => selfCheck(settings, inner))).appsAreBack) {
    if (Date.now() > until) {
      story.tell({ kind: 'line', text: '  apps: some are still coming back; see gantry apps and gantry ps' });
      return;
    }
    await pause(50, signal);
  }
}

/** Ends what ran for an earlier setting: a database of ours, say, in whose place one is given now. Its state stays. */
async function endUnneeded(
  home: Home,
  { parts, story }: { readonly parts: readonly Part[]; readonly story: Story },
  signal: AbortSignal,
): Promise<void> {
  const needed = new Set(parts.map(({ name }) => name));
  for (const name of REPLACEABLE) {
    if (needed.has(name) || (await stopPart(home, name, signal)) !== 'stopped') continue;
    story.tell({ kind: 'line', text: `  ${name}: stopped, as another is given; its state is kept` });
  }
}
/** Not the engine for apps: whoever gives another may have apps in ours that must go on. */
const REPLACEABLE = ['registry', 'redis', 'postgres', 'build-engine'] as const satisfies readonly PartName[];

/** What a person wants to read about a change while the platform starts. */
function sentenceOf(status: PartStatus): string | undefined {
  const { title, origin, pid, problem } = status;
  switch (status.state) {
    case 'ready':
      if (origin === 'given') return `  ${title}: answers`;
      return origin === 'adopted'
        ? `  ${title}: runs already (process ${pid ?? '?'})`
        : `  ${title}: ready (process ${pid ?? '?'})`;
    case 'failing':
    case 'refused':
      return `  ${title}: ${problem ?? 'not well'}`;
    case 'waiting':
    case 'starting':
    case 'stopped':
      return undefined;
  }
}
