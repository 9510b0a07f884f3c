import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createMemoryRouterLines } from '../../test/support/memory-router-lines.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Visit } from '../domain/visit.ts';
import type { LogLine } from '../ports/engine.ts';
import type { VisitMark, VisitSource } from '../ports/visits.ts';
import { createVisits } from './visits.ts';

type Page = Awaited<ReturnType<VisitSource['visits']>>;

/** A router that tells page after page, and then nothing any more. */
function createRig() {
  const rig = createStoresRig();
  const routerLines = createMemoryRouterLines();
  const pages: (Page | Error)[] = [];
  const asked: (VisitMark | null)[] = [];
  let rouse = (): void => undefined;
  const source: VisitSource = {
    async visits(after, signal) {
      asked.push(after);
      for (;;) {
        const page = pages.shift();
        if (page instanceof Error) throw page;
        if (page) return page;
        await new Promise<void>((resolve) => {
          rouse = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        signal.throwIfAborted();
      }
    },
  };
  const visits = createVisits({ source, lines: routerLines, apps: rig.apps, log: pino({ level: 'silent' }) });
  let seq = 0;
  const stop = new AbortController();
  const collecting = visits.collect(stop.signal);
  return {
    ...rig,
    ...{ routerLines, visits, asked },
    tell(told: readonly Visit[], lost: Page['lost'] = []) {
      seq += told.length;
      pages.push({ mark: { run: 'r', seq }, visits: told, lost });
      rouse();
    },
    fail(err: Error) {
      pages.push(err);
      rouse();
    },
    async end() {
      stop.abort(new Error('over'));
      await collecting;
    },
  };
}

function visit(app: string, path: string, more: Partial<Visit> = {}): Visit {
  return {
    ...{ app, path, at: new Date(5), method: 'GET', host: 'h', requestId: 'r', from: '1.1.1.1' },
    ...{ secure: false, server: 'web-1-0', status: 200, bytes: 1, connectMs: 0, serviceMs: 0, fault: null },
    ...more,
  };
}

const pathsOf = (lines: readonly LogLine[]): (string | undefined)[] =>
  lines.map(({ text }) => / path="(.*?)"/.exec(text)?.[1] ?? text);

async function take(lines: AsyncIterable<LogLine>, most: number): Promise<LogLine[]> {
  const all: LogLine[] = [];
  for await (const line of lines) {
    all.push(line);
    if (all.length === most) break;
  }
  return all;
}

it('keeps what the router tells with the app it is about, and says so to the router with the next question', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  rig.tell([visit(app.id, '/1'), visit('gantry-api', '/apps'), visit(app.id, '/2')]);
  await expect.poll(async () => pathsOf(await rig.visits.past(app.id, patient))).toEqual(['/1', '/2']);
  await expect.poll(() => rig.asked).toEqual([null, { run: 'r', seq: 3 }]);
  expect((await rig.visits.past(app.id, patient))[0]).toMatchObject({ source: 'gantry', instance: 'router' });
  await rig.end();
});

it('hands a follower each line once, kept or coming, whenever they began', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  rig.tell([visit(app.id, '/1')]);
  await expect.poll(() => rig.asked.length).toBe(2);
  for (let n = 2; n <= 30; n += 1) rig.tell([visit(app.id, `/${n}`)]);
  const own = new AbortController();
  const { past, next } = await rig.visits.follow(app.id, own.signal);
  const wanted = Array.from({ length: 30 }, (_, n) => `/${n + 1}`);
  const rest = await take(next(patient), 30 - past.length);
  expect(pathsOf([...past, ...rest])).toEqual(wanted);
  await rig.end();
});

it('ends for a follower who leaves, with either signal', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  for (const which of ['own', 'stop']) {
    const [own, stop] = [new AbortController(), new AbortController()];
    const { next } = await rig.visits.follow(app.id, own.signal);
    setTimeout(() => (which === 'own' ? own : stop).abort(new Error('left')), 5);
    expect(await take(next(stop.signal), 1)).toEqual([]);
  }
  await rig.end();
});

it('tells a follower who is too slow how much they have missed, and holds no more for them', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  const { next } = await rig.visits.follow(app.id, patient);
  rig.tell(Array.from({ length: 5_003 }, (_, n) => visit(app.id, `/${n}`)));
  await expect.poll(() => rig.asked.length).toBe(2);
  const lines = await take(next(patient), 5_001);
  expect(lines.at(-1)?.text).toBe(
    'Error L11 (tail buffer overflow) -> This tail session dropped 3 messages since 1970-01-01T00:00:00.005+00:00',
  );
  await rig.end();
});

it('says what the router had no room for', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  rig.tell([], [{ app: app.id, count: 7, since: new Date(1_000) }]);
  await expect
    .poll(async () => (await rig.visits.past(app.id, patient)).map(({ text }) => text))
    .toEqual(['Error L12: 7 messages dropped since 1970-01-01T00:00:01.000+00:00.']);
  await rig.end();
});

it('says why nothing answers for an app', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  const none = { fault: 'none', server: null, status: 503 } as const;
  const last = async (): Promise<string | undefined> =>
    /code=\S+/.exec((await rig.visits.past(app.id, patient)).at(-1)?.text ?? '')?.[0];
  rig.tell([visit(app.id, '/', none)]);
  await expect.poll(last).toBe('code=H81');
  await rig.end();
});

it('asks a router again that was away, and goes on where it was', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  rig.tell([visit(app.id, '/1')]);
  rig.fail(PlatformError.of('router_away', {}));
  rig.tell([visit(app.id, '/2')]);
  await expect
    .poll(async () => pathsOf(await rig.visits.past(app.id, patient)), { timeout: 3_000 })
    .toEqual(['/1', '/2']);
  expect(rig.asked.slice(0, 3)).toEqual([null, { run: 'r', seq: 1 }, { run: 'r', seq: 1 }]);
  await rig.end();
});
