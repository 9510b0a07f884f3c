import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { createBulletin } from '../../lib/bulletin.ts';
import { createMemoryDrains } from '../../test/support/memory-drains.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { DrainBatch, DrainPipes } from '../ports/drains.ts';
import type { LogLine } from '../ports/engine.ts';
import { createDrainDelivery } from './drain-delivery.ts';
import { createDrains } from './drains.ts';

const PACE = { lookMs: 20, readAgainMs: 1, firstTryMs: 1, mostMs: 5 };

/** Receivers by host: what they took, whether they fail, and whether their pipe is open. */
interface Receiver {
  readonly batches: DrainBatch[];
  failing: boolean;
  /** Takes lines and never says so. */
  hanging: boolean;
  open: number;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Logs that say what a test says, to everybody who reads them. */
function createSpeaker() {
  const readers = new Map<string, Set<(line: LogLine | Error) => void>>();
  return {
    reading: (appId: string): number => readers.get(appId)?.size ?? 0,
    say(appId: string, ...texts: readonly (string | Error)[]) {
      for (const text of texts)
        for (const tell of readers.get(appId) ?? [])
          tell(text instanceof Error ? text : { at: new Date(), source: 'app', instance: 'web.1', text });
    },
    async *readFor(appId: string, _: unknown, signal: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
      const waiting: (LogLine | Error)[] = [];
      let rouse = (): void => undefined;
      const tell = (line: LogLine | Error): void => {
        waiting.push(line);
        rouse();
      };
      const mine = readers.get(appId) ?? new Set();
      readers.set(appId, mine.add(tell));
      signal.addEventListener('abort', () => rouse());
      try {
        for (;;) {
          signal.throwIfAborted();
          const next = waiting.shift();
          if (next instanceof Error) throw next;
          if (next) yield next;
          else
            await new Promise<void>((resolve) => {
              rouse = resolve;
            });
        }
      } finally {
        mine.delete(tell);
      }
    },
  };
}

async function createRig() {
  const rig = createStoresRig();
  const store = createMemoryDrains(rig.world);
  const bulletin = createBulletin();
  const receivers = new Map<string, Receiver>();
  const receiver = (host: string): Receiver => {
    const known = receivers.get(host) ?? { batches: [], failing: false, hanging: false, open: 0 };
    receivers.set(host, known);
    return known;
  };
  const pipes: DrainPipes = {
    open({ host }) {
      const to = receiver(host);
      to.open += 1;
      return {
        async send(batch, signal) {
          if (to.hanging)
            await new Promise((_, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason as Error));
            });
          to.batches.push(batch);
          if (to.failing) throw PlatformError.of('egress_failed', { host, reason: 'ECONNREFUSED' });
        },
        [Symbol.asyncDispose]() {
          to.open -= 1;
          return Promise.resolve();
        },
      };
    },
  };
  const speaker = createSpeaker();
  const delivery = createDrainDelivery({
    ...{ store, pipes, bulletin, logs: speaker, pace: PACE, log: pino({ level: 'silent' }) },
  });
  const stop = new AbortController();
  const running = delivery.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('over'));
    await running;
  };
  closing.push(end);
  const egress = { check: () => undefined };
  const drains = createDrains({ apps: rig.apps, store, egress, bulletin });
  const app = await rig.createApp();
  return {
    ...{ ...rig, app, drains, receiver, speaker, end },
    async drain(host: string, to: App = app): Promise<string> {
      const { drain } = await drains.add(rig.ann, to.name, `syslog://${host}:514`, patient);
      await expect.poll(() => receiver(host).open).toBe(1);
      await expect.poll(() => speaker.reading(to.id)).toBe(1);
      return drain.token;
    },
  };
}

const textsOf = ({ batches }: Receiver): string[] =>
  batches.flatMap(({ lines }) => lines.map(({ text }) => text));

it('sends every line to every drain of the app, under the token of each, and reads the log once', async () => {
  const rig = await createRig();
  const token = await rig.drain('one.example');
  await rig.drain('two.example');
  rig.speaker.say(rig.app.id, 'a', 'b');
  for (const host of ['one.example', 'two.example'])
    await expect.poll(() => textsOf(rig.receiver(host))).toEqual(['a', 'b']);
  expect(rig.receiver('one.example').batches[0]?.token).toBe(token);
  expect(rig.speaker.reading(rig.app.id)).toBe(1);
});

it('sends a batch that failed again, the same under the same id, and then what came meanwhile', async () => {
  const rig = await createRig();
  await rig.drain('one.example');
  const receiver = rig.receiver('one.example');
  receiver.failing = true;
  rig.speaker.say(rig.app.id, 'a');
  await expect.poll(() => receiver.batches.length).toBeGreaterThan(2);
  rig.speaker.say(rig.app.id, 'b', 'c');
  receiver.failing = false;
  await expect.poll(() => textsOf(receiver).at(-1)).toBe('c');
  const ids = new Set(receiver.batches.filter(({ lines }) => lines[0]?.text === 'a').map(({ id }) => id));
  expect(ids.size).toBe(1);
  expect([...new Set(textsOf(receiver))]).toEqual(['a', 'b', 'c']);
});

it('lets a drain that hangs lose its own lines, counted, and nobody else’s', async () => {
  const rig = await createRig();
  await rig.drain('dead.example');
  await rig.drain('well.example');
  rig.receiver('dead.example').hanging = true;
  rig.speaker.say(rig.app.id, 'first');
  await expect.poll(() => textsOf(rig.receiver('well.example'))).toEqual(['first']);
  const many = Array.from({ length: 900 }, (_, n) => String(n));
  for (let round = 0; round < 3; round += 1) {
    rig.speaker.say(rig.app.id, ...many);
    await expect.poll(() => textsOf(rig.receiver('well.example')).length).toBe(1 + 900 * (round + 1));
  }
});

it('stops for a drain that was removed, and begins with the next one', async () => {
  const rig = await createRig();
  const token = await rig.drain('one.example');
  await rig.drains.remove(rig.ann, rig.app.name, token, patient);
  await expect.poll(() => rig.receiver('one.example').open).toBe(0);
  await expect.poll(() => rig.speaker.reading(rig.app.id)).toBe(0);
  rig.speaker.say(rig.app.id, 'unheard');
  await rig.drain('two.example');
  rig.speaker.say(rig.app.id, 'heard');
  await expect.poll(() => textsOf(rig.receiver('two.example'))).toEqual(['heard']);
  expect(textsOf(rig.receiver('one.example'))).toEqual([]);
});

it('sends an app’s lines to its own drains only', async () => {
  const rig = await createRig();
  const other = await rig.createApp('other');
  await rig.drain('one.example');
  await rig.drain('two.example', other);
  rig.speaker.say(rig.app.id, 'mine');
  rig.speaker.say(other.id, 'theirs');
  await expect.poll(() => textsOf(rig.receiver('one.example'))).toEqual(['mine']);
  await expect.poll(() => textsOf(rig.receiver('two.example'))).toEqual(['theirs']);
});

it('goes on after a log that could not be read', async () => {
  const rig = await createRig();
  await rig.drain('one.example');
  rig.speaker.say(rig.app.id, 'a', new Error('the engine is away'));
  await expect.poll(() => textsOf(rig.receiver('one.example'))).toEqual(['a']);
  await expect.poll(() => rig.speaker.reading(rig.app.id)).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  rig.speaker.say(rig.app.id, 'b');
  await expect.poll(() => textsOf(rig.receiver('one.example'))).toEqual(['a', 'b']);
});

it('closes every pipe when it ends, also one that hangs', async () => {
  const rig = await createRig();
  await rig.drain('one.example');
  rig.receiver('one.example').hanging = true;
  rig.speaker.say(rig.app.id, 'a');
  await rig.end();
  expect(rig.receiver('one.example').open).toBe(0);
});
