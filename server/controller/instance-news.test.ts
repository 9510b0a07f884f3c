import { describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { instanceOf } from '../../test/support/fake-app.ts';
import type { Note } from '../domain/happening.ts';
import type { Instance } from '../domain/instance.ts';
import { createInstanceNews } from './instance-news.ts';
import { createTeller } from './teller.ts';

const patient = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));
const brief = ({ action, before, after }: Note) =>
  `${action} ${String(after?.['name'])} ${String(before?.['state'])}→${String(after?.['state'])}`;

function createRig() {
  const notes: Note[] = [];
  let away = false;
  let ms = 0;
  const note = (some: readonly Note[]) => {
    if (away) return Promise.reject(new Error('away'));
    notes.push(...some);
    return Promise.resolve();
  };
  const news = createInstanceNews(createTeller({ note, log: quietLog(), nowMs: () => (ms += 1_000) }));
  const settled = (act: () => void): Promise<unknown> => (act(), settle());
  return {
    notes,
    away: (is: boolean) => void (away = is),
    look: (...instances: Instance[]) => settled(() => news.look(instances, [], patient)),
    ending: (instance: Instance) => settled(() => news.ending(instance, patient)),
  };
}

it('tells each change of an instance once, from its start to its end, and nothing of what was there before', async () => {
  const rig = createRig();
  const old = instanceOf('a', 'web', 1, 1);
  const web: Instance = { ...instanceOf('a', 'web', 2, 1), id: 'new' };
  await rig.look(old);
  await rig.look(old, { ...web, state: 'starting' });
  await rig.look(old, { ...web, state: 'ready' });
  await rig.look(old, { ...web, state: 'ready' });
  await rig.look({ ...web, state: 'stopping' });
  await rig.look();
  expect(rig.notes.map(brief)).toEqual([
    'create web.2 undefined→starting',
    'update web.2 starting→up',
    'update web.2 up→stopping',
    'destroy web.1 up→down',
    'destroy web.2 stopping→down',
  ]);
});

it('keeps what it could not tell, in order, until it can', async () => {
  const rig = createRig();
  const web: Instance = { ...instanceOf('a', 'web', 1, 1), state: 'starting' };
  await rig.look();
  rig.away(true);
  await rig.look(web);
  rig.away(false);
  await rig.look({ ...web, state: 'ready' });
  expect(rig.notes.map(brief)).toEqual(['create web.1 undefined→starting', 'update web.1 starting→up']);
});

describe('an instance that was told to end', () => {
  const web: Instance = { ...instanceOf('a', 'web', 1, 1), state: 'ready' };
  const exited: Instance = { ...web, state: 'crashed', exit: { code: 143, outOfMemory: false } };

  it('is said to be stopping at once, and has not crashed when it is found to have ended', async () => {
    const rig = createRig();
    await rig.look(web);
    await rig.ending(web);
    expect(rig.notes.map(brief)).toEqual(['update web.1 up→stopping']);
    await rig.ending(web);
    await rig.look({ ...web, state: 'stopping' });
    await rig.look(exited);
    await rig.look();
    expect(rig.notes.map(brief)).toEqual([
      'update web.1 up→stopping',
      'update web.1 stopping→down',
      'destroy web.1 down→down',
    ]);
    expect(rig.notes[1]?.after).toMatchObject({ exit: 143 });
  });

  it('is down when it is gone between two looks', async () => {
    const rig = createRig();
    await rig.look(web);
    await rig.ending(web);
    await rig.look();
    expect(rig.notes.map(brief)).toEqual(['update web.1 up→stopping', 'destroy web.1 stopping→down']);
  });

  it('has crashed if it had done so before', async () => {
    const rig = createRig();
    await rig.look(web);
    await rig.look(exited);
    await rig.ending(exited);
    await rig.look();
    expect(rig.notes.map(brief)).toEqual(['update web.1 up→crashed', 'destroy web.1 crashed→down']);
  });

  it('is told with the time at which it was told so, however long the database is away', async () => {
    const rig = createRig();
    await rig.look(web);
    rig.away(true);
    await rig.ending(web);
    rig.away(false);
    await rig.look();
    const [first, second] = rig.notes.map(({ at }) => at?.getTime() ?? 0);
    expect(first).toBeLessThan(second ?? 0);
  });
});

it('tells with each change since when an instance runs, and of one that has ended since when it does not', async () => {
  const rig = createRig();
  const startedAt = new Date('2026-11-21T10:00:00.250Z');
  const endedAt = new Date('2026-11-21T10:00:03.000Z');
  const web: Instance = { ...instanceOf('a', 'web', 1, 1), startedAt, endedAt: null };
  await rig.look();
  await rig.look({ ...web, startedAt: null, state: 'starting' });
  await rig.look({ ...web, state: 'ready' });
  await rig.look({ ...web, endedAt, state: 'crashed' });
  const times = rig.notes.map(({ after }) => [after?.['startedAt'], after?.['endedAt']]);
  const [started, ended] = [startedAt.toISOString(), endedAt.toISOString()];
  expect(times).toEqual([
    [undefined, undefined],
    [started, undefined],
    [started, ended],
  ]);
});
