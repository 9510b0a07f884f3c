import { expect, it } from 'vitest';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { AppLogs, LogLine } from '../ports/engine.ts';
import { createLogs } from './logs.ts';

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
  return { ...rig, asked, service: createLogs({ apps: rig.apps, logs }) };
}

it('reads the app by its id, whatever it was called, and no more than was asked for', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  const own = new AbortController().signal;
  const read = async (query: Parameters<typeof rig.service.read>[2]): Promise<string[]> => {
    const texts: string[] = [];
    for await (const { text } of await rig.service.read(rig.ann, 'hello', query, own)) texts.push(text);
    return texts;
  };
  expect(await read({ lines: 5, follow: false, type: undefined })).toEqual([app.id]);
  expect(await read({ lines: 5, follow: true, type: 'web', number: 0 })).toEqual([app.id]);
  expect(rig.asked).toEqual([
    { query: { appId: app.id, lines: 5, follow: false }, signal: own },
    { query: { appId: app.id, lines: 5, follow: true, type: 'web', number: 0 }, signal: own },
  ]);
  expect(rig.asked[0]?.signal, 'so that leaving ends the reading').toBe(own);
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
