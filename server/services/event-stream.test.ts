import { describe, expect, it } from 'vitest';
import { createBulletin } from '../../lib/bulletin.ts';
import { createMemoryHappenings } from '../../test/support/memory-happenings.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { LogLine } from '../ports/engine.ts';
import { createEventStream, type StreamEvent } from './event-stream.ts';
import { createHappenings } from './happenings.ts';

const line = (ms: number, text: string): LogLine => ({
  at: new Date(ms),
  source: 'app',
  instance: 'web.1',
  text,
});
const SAMPLE = { at: new Date(0), seconds: 0, requests: 0, dropped: 0, sessions: 0, instances: [] };

/** Ann's app `hello`, whose log has these lines when it is read from the past on, and nothing else to say. */
async function createRig(past: readonly LogLine[] = []) {
  const rig = createStoresRig();
  const store = createMemoryHappenings(rig.clock.now);
  const bulletin = createBulletin();
  const happenings = createHappenings({ store, apps: rig.apps, bulletin });
  const hello = await rig.createApp('hello');
  const ends: string[] = [];
  /** Until the reader leaves. */
  const held = (what: string, stop: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const leave = (): void => {
        ends.push(what);
        resolve();
      };
      stop.addEventListener('abort', leave, { once: true });
    });
  const service = createEventStream({
    apps: rig.apps,
    happenings,
    logs: {
      async *readFor(appId, query, stop) {
        if (appId !== hello.id) throw new Error('the log of another app');
        yield* query.lines === 0 ? [line(5_000, 'now')] : past;
        await held('log', stop);
      },
    },
    samples: {
      async *follow(_, stop) {
        yield SAMPLE;
        await held('metric', stop);
      },
    },
  });
  let now: Actor | Error = rig.ann;
  const again = (): Promise<Actor> => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now));
  return {
    ...rig,
    ...{ service, hello, ends },
    becomes: (who: Actor | Error) => void (now = who),
    async happens(kind: string): Promise<void> {
      const note = { kind, action: 'update', subject: 's', before: null, after: null } as const;
      await store.note([{ ...note, appId: hello.id }], patient);
      await happenings.publish(patient);
    },
    follow: (actor: Actor, query: Parameters<typeof service.follow>[1] = {}) =>
      service.follow(actor, query, again, patient),
  };
}

const brief = (told: StreamEvent): string => {
  if ('line' in told) return `${told.app.name}: ${told.line.text}`;
  if ('sample' in told) return `${told.app.name} takes`;
  return 'gap' in told.happened ? 'gap' : told.happened.kind;
};

async function take(stream: AsyncIterable<StreamEvent>, count: number) {
  const seen: StreamEvent[] = [];
  for await (const one of stream) if (seen.push(one) === count) break;
  return seen;
}

describe('one stream', () => {
  it('tells what happens, and neither lines nor samples unless they are asked for', async () => {
    const rig = await createRig();
    const stream = await rig.follow(rig.ann, { app: 'hello' });
    const two = take(stream, 2);
    for (const kind of ['build', 'route']) await rig.happens(kind);
    expect((await two).map((one) => [brief(one), one.place.seq])).toEqual([
      ['build', 1],
      ['route', 2],
    ]);
  });

  it('tells lines, samples and what happens together, with where the reader is', async () => {
    const rig = await createRig();
    const stream = await rig.follow(rig.ann, { app: 'hello', kinds: ['log', 'metric', 'release'] });
    const first = await take(stream, 2);
    expect(first.map(brief).toSorted()).toEqual(['hello takes', 'hello: now']);
    expect(first.find((one) => 'line' in one)?.place).toEqual({ seq: 0, lineMs: 5_000 });
    // Whoever leaves is no longer read for.
    expect(rig.ends.toSorted()).toEqual(['log', 'metric']);
    const next = take(await rig.follow(rig.ann, { app: 'hello', kinds: ['log', 'release'] }), 2);
    for (const kind of ['build', 'release']) await rig.happens(kind);
    expect((await next).map(brief).toSorted()).toEqual(['hello: now', 'release']);
  });

  it('goes on with the lines after the last one, those of its moment again', async () => {
    const rig = await createRig([
      ...[
        line(7_999, 'long ago'),
        line(8_500, 'just before'),
        line(9_000, 'the last'),
        line(9_001, 'missed'),
      ],
    ]);
    const after = { seq: 0, lineMs: 9_000 };
    const stream = await rig.follow(rig.ann, { app: 'hello', kinds: ['log'], after });
    expect(stream.from).toEqual(after);
    const seen = await take(stream, 3);
    expect(seen.map(brief)).toEqual(['hello: just before', 'hello: the last', 'hello: missed']);
    // A line that is late takes nobody back.
    expect(seen.map(({ place }) => place.lineMs)).toEqual([9_000, 9_000, 9_001]);
  });

  it('has lines and samples of one app only, which one must be able to see', async () => {
    const rig = await createRig();
    for (const kinds of [['log'], ['release', 'metric']])
      await expect(rig.follow(rig.ann, { kinds })).rejects.toMatchObject({ id: 'invalid_params' });
    await expect(rig.follow(rig.bob, { app: 'hello', kinds: ['log'] })).rejects.toMatchObject({
      id: 'not_found',
    });
  });

  it('ends, with all that it is made of, when the reader may read no longer', async () => {
    const rig = await createRig();
    const stream = await rig.follow(rig.ann, { app: 'hello', kinds: ['log', 'metric'] });
    const reading = take(stream, 9);
    rig.becomes(PlatformError.of('unauthorized', {}));
    await expect(reading).rejects.toMatchObject({ id: 'unauthorized' });
    expect(rig.ends.toSorted()).toEqual(['log', 'metric']);
  });
});
