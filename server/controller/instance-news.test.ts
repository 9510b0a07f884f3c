import { expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { instanceOf } from '../../test/support/fake-app.ts';
import type { Note } from '../domain/happening.ts';
import type { Instance } from '../domain/instance.ts';
import { createInstanceNews } from './instance-news.ts';

const patient = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));
const brief = ({ action, before, after }: Note) =>
  `${action} ${String(after?.['name'])} ${String(before?.['state'])}→${String(after?.['state'])}`;

function createRig() {
  const notes: Note[] = [];
  let away = false;
  const note = (some: readonly Note[]) => {
    if (away) return Promise.reject(new Error('away'));
    notes.push(...some);
    return Promise.resolve();
  };
  const news = createInstanceNews({ note, log: quietLog() });
  return {
    notes,
    away: (is: boolean) => void (away = is),
    async look(...instances: Instance[]) {
      news.look(instances, [], patient);
      await settle();
    },
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
