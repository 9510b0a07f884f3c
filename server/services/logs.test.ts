import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createBulletin } from '../../lib/bulletin.ts';
import { createMemoryHappenings } from '../../test/support/memory-happenings.ts';
import { createMemoryRouterLines } from '../../test/support/memory-router-lines.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { AppLogs, LogLine } from '../ports/engine.ts';
import { createLogs } from './logs.ts';
import { createVisits } from './visits.ts';

type Query = Parameters<AppLogs['read']>[0];

/** Logs that hold one line per app, and remember what they were asked. */
function createRig() {
  const rig = createStoresRig();
  const asked: { readonly query: Query; readonly signal: AbortSignal }[] = [];
  const logs: AppLogs = {
    async *read(query, signal) {
      asked.push({ query, signal });
      yield await Promise.resolve<LogLine>({
        at: new Date(0),
        source: 'app',
        instance: 'web.1',
        text: query.appId,
      });
    },
  };
  const happenings = createMemoryHappenings(rig.clock.now);
  const routerLines = createMemoryRouterLines();
  const visits = createVisits({
    ...{ lines: routerLines, apps: rig.apps, log: pino({ level: 'silent' }) },
    source: { visits: () => Promise.reject(new Error('nobody visits')) },
  });
  return {
    ...rig,
    routerLines,
    asked,
    happenings,
    service: createLogs({ apps: rig.apps, logs, happenings, visits, bulletin: createBulletin() }),
  };
}

it('reads the app by its id, whatever it was called, and no more than was asked for', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  const own = new AbortController().signal;
  const read = async (query: Parameters<typeof rig.service.read>[2]): Promise<string[]> => {
    const texts: string[] = [];
    for await (const { text } of await rig.service.read(rig.ann, 'hello', query, own)) {
      texts.push(text);
      break; // one that follows has no end
    }
    return texts;
  };
  expect(await read({ lines: 5, follow: false, type: undefined })).toEqual([app.id]);
  expect(await read({ lines: 5, follow: true, type: 'web', number: 0 })).toEqual([app.id]);
  expect(rig.asked.map(({ query }) => query)).toEqual([
    { appId: app.id, lines: 5, follow: false },
    { appId: app.id, lines: 5, follow: true, type: 'web', number: 0 },
  ]);
  expect(rig.asked[0]?.signal, 'so that leaving ends the reading').toBe(own);
  expect(rig.asked[1]?.signal.aborted, 'so that leaving ends the reading').toBe(true);
  expect(Object.keys(rig.asked[0]?.query ?? {})).not.toContain('type');
});

it('reads nothing for a stranger, and says that before the first line', async () => {
  const rig = createRig();
  await rig.createApp();
  const reading = rig.service.read(rig.bob, 'hello', { lines: 5, follow: false }, patient);
  await expect(reading).rejects.toMatchObject({
    id: 'not_found',
    params: { resource: 'app', name: 'hello' },
  });
  expect(rig.asked).toEqual([]);
});

const SCALED = {
  ...{ kind: 'app', action: 'update' as const, subject: 'x' },
  before: { formation: { web: 1 } },
  after: { formation: { web: 2 } },
};
const UP = {
  ...{ kind: 'instance', action: 'update' as const, subject: 'i' },
  before: { state: 'starting' },
  after: { name: 'web.1', state: 'up' },
};

async function texts(lines: AsyncIterable<LogLine>, most: number): Promise<string[]> {
  const all: string[] = [];
  for await (const { source, instance, text } of lines) {
    all.push(`${source}[${instance}] ${text}`);
    if (all.length === most) break;
  }
  return all;
}

it('tells what the platform did with an app beside what its instances printed, and of one place only its own', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  await rig.happenings.note(
    [SCALED, UP].map((note) => ({ ...note, appId: app.id })),
    patient,
  );
  await rig.happenings.note([{ ...UP, appId: 'another' }], patient);
  await rig.happenings.publish(patient);
  const read = async (query: object) =>
    texts(await rig.service.read(rig.ann, 'hello', { lines: 10, follow: false, ...query }, patient), 99);
  expect(await read({})).toEqual([
    `app[web.1] ${app.id}`,
    'app[api] Scaled to web@2:small',
    'gantry[web.1] State changed from starting to up',
  ]);
  expect(await read({ type: 'web' })).toHaveLength(2);
  expect(await read({ lines: 1 })).toEqual(['gantry[web.1] State changed from starting to up']);
  const silent = { kind: 'drain', action: 'create' as const, subject: 'd', before: null, after: {} };
  const others = [SCALED, silent, silent].map((note) => ({ ...note, appId: app.id }));
  await rig.happenings.note(others, patient);
  await rig.happenings.publish(patient);
  expect(await read({ lines: 1 }), 'of events that are no lines').toEqual(['app[api] Scaled to web@2:small']);
  const last = await read({ lines: 1, type: 'web', number: 1, source: 'gantry' });
  expect(last, 'of events of others').toEqual(['gantry[web.1] State changed from starting to up']);
});

it('goes on with both while it is followed, each line once', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  await rig.happenings.note([{ ...UP, appId: app.id }], patient);
  await rig.happenings.publish(patient);
  setTimeout(() => {
    void rig.happenings
      .note([{ ...SCALED, appId: app.id }], patient)
      .then(() => rig.happenings.publish(patient));
  }, 500);
  const lines = await rig.service.read(rig.ann, 'hello', { lines: 10, follow: true }, patient);
  expect(await texts(lines, 3)).toEqual([
    `app[web.1] ${app.id}`,
    'gantry[web.1] State changed from starting to up',
    'app[api] Scaled to web@2:small',
  ]);
});

it('begins, when it is followed, with the lines that are told without', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  // The line of the process is between those of the router.
  const visits = [
    asked(-2, 'at=info path="/a"'),
    asked(-1, 'at=info path="/b"'),
    asked(1, 'at=info path="/c"'),
  ];
  await rig.routerLines.add(app.id, visits, patient);
  const told = async (lines: number, follow: boolean) =>
    texts(await rig.service.read(rig.ann, 'hello', { lines, follow }, patient), lines);
  for (const lines of [1, 2, 3, 4]) {
    const past = await told(lines, false);
    expect(past).toHaveLength(lines);
    expect(await told(lines, true)).toEqual(past);
  }
});

const asked = (ms: number, text: string): LogLine => ({
  ...{ at: new Date(ms), source: 'gantry', instance: 'router', text },
});

it('tells what visitors asked among the rest, and of a source as many lines as there are', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  await rig.routerLines.add(app.id, [asked(-1, 'at=info path="/a"'), asked(1, 'at=info path="/b"')], patient);
  const read = async (query: object) =>
    texts(await rig.service.read(rig.ann, 'hello', { lines: 10, follow: false, ...query }, patient), 99);
  const all = [
    'gantry[router] at=info path="/a"',
    `app[web.1] ${app.id}`,
    'gantry[router] at=info path="/b"',
  ];
  expect(await read({})).toEqual(all);
  expect(await read({ type: 'router', source: 'gantry' })).toEqual([all[0], all[2]]);
  expect(await read({ source: 'app', lines: 1 })).toEqual([all[1]]);
  expect(await read({ source: 'gantry', lines: 1 })).toEqual([all[2]]);
  expect(await read({ source: 'postgres' })).toEqual([]);
});
