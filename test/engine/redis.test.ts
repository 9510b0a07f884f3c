import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { createBuildQueue } from '../../server/adapters/redis/build-queue.ts';
import { createBuildJobs } from '../../server/jobs/build-jobs.ts';
import { makeRedis } from '../support/redis.ts';

const patient = new AbortController().signal;

async function until(what: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain`);
    await pause(10, patient);
  }
}

/** Both ends of the queue on one Redis, and what they said and did. */
async function open({ platformId = 'abc123', started = true } = {}) {
  const redis = await makeRedis();
  if (started) await redis.start();
  const said: { msg: string; level: number }[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said.push(JSON.parse(chunk.toString()) as { msg: string; level: number });
      done();
    },
  });
  const log = pino({ level: 'info' }, sink);
  const drains: string[] = [];
  let gate: Promise<void> | undefined;
  let openGate = (): void => undefined;
  const ends = { redisUrl: redis.url, platformId, log };
  const queue = createBuildQueue(ends);
  const jobs = createBuildJobs({
    ...ends,
    async drain(appId, signal) {
      drains.push(appId);
      await Promise.race([gate, new Promise((_, reject) => signal.addEventListener('abort', reject))]);
    },
  });
  onTestFinished(async () => {
    openGate();
    await jobs[Symbol.asyncDispose]();
    await queue[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });
  return {
    redis,
    said,
    drains,
    queue,
    jobs,
    /** Drains wait from now on, until the answered function is called. */
    close: (): (() => void) => {
      gate = new Promise((resolve) => (openGate = resolve));
      return () => {
        openGate();
        gate = undefined;
      };
    },
    /** A hint may be lost; wakes until one arrives, as the loop that looks for waiting builds makes up for it. */
    wakeUntilSeen: async (appId: string): Promise<void> => {
      const before = drains.length;
      await until(async () => {
        queue.wake(appId);
        await pause(50, patient);
        return drains.slice(before).includes(appId);
      });
    },
  };
}

it('carries a wake-up to the one who drains that app', async () => {
  const { drains, wakeUntilSeen } = await open();
  const [one, two] = [randomUUID(), randomUUID()];
  await wakeUntilSeen(one);
  await wakeUntilSeen(two);
  expect(new Set(drains)).toEqual(new Set([one, two]));
});

it('drains an app once more when it was woken, however often, while being drained', async () => {
  const { drains, queue, close, wakeUntilSeen, redis } = await open();
  const [app, other] = [randomUUID(), randomUUID()];
  const release = close();
  await wakeUntilSeen(app);
  const before = drains.length;
  for (let i = 0; i < 5; i += 1) queue.wake(app);
  await wakeUntilSeen(other); // another app is not held up
  expect(drains.slice(before).filter((id) => id === app)).toEqual([]);
  release();
  await until(() => drains.slice(before).includes(app));
  // Nothing is left behind: the next wake starts afresh.
  await until(async () => (await redis.tell('ZCARD', 'bull:gantry-abc123-builds:completed')) === '0');
  await pause(300, patient);
  expect(drains.slice(before).filter((id) => id === app)).toEqual([app]);
  await wakeUntilSeen(app);
});

it('goes on after Redis was killed and started again, and says so once', async () => {
  const { redis, said, wakeUntilSeen, drains, queue } = await open();
  await wakeUntilSeen(randomUUID());
  await redis.kill();
  const lost = randomUUID();
  for (let i = 0; i < 3; i += 1) queue.wake(lost);
  await pause(1500, patient);
  await redis.start();
  const app = randomUUID();
  await wakeUntilSeen(app);
  expect(drains).toContain(app);
  const words = said.map(({ msg }) => msg);
  // One line from each end, however often they tried.
  expect(words.filter((msg) => msg.startsWith('redis is away'))).toHaveLength(2);
  expect(words.filter((msg) => msg === 'redis is back')).toHaveLength(2);
});

it('goes on after Redis was wiped, also in the middle of a drain', async () => {
  const { redis, wakeUntilSeen, close, drains } = await open();
  const release = close();
  const app = randomUUID();
  await wakeUntilSeen(app);
  await redis.tell('FLUSHALL');
  release();
  await wakeUntilSeen(app);
  await wakeUntilSeen(randomUUID());
  expect(drains.filter((id) => id === app).length).toBeGreaterThan(1);
});

it('starts without Redis, throws at nobody, and works as soon as it is there', async () => {
  const { redis, queue, wakeUntilSeen, drains } = await open({ started: false });
  expect(() => queue.wake(randomUUID())).not.toThrow();
  await pause(500, patient);
  await redis.start();
  const app = randomUUID();
  await wakeUntilSeen(app);
  expect([...new Set(drains)]).toEqual([app]);
});

it('hears nothing of another platform on the same Redis, nor of jobs that are not ours', async () => {
  const { redis, drains, said, wakeUntilSeen } = await open();
  const log = pino({ level: 'silent' });
  const other = createBuildQueue({ redisUrl: redis.url, platformId: 'zzz999', log });
  onTestFinished(() => other[Symbol.asyncDispose]());
  const foreign = createBuildQueue({ redisUrl: redis.url, platformId: 'abc123', log });
  onTestFinished(() => foreign[Symbol.asyncDispose]());
  await wakeUntilSeen(randomUUID());
  for (let i = 0; i < 10; i += 1) {
    other.wake(randomUUID());
    foreign.wake('../../etc/passwd');
    await pause(50, patient);
  }
  await until(() => said.some(({ msg }) => msg === 'a job that is not ours was dropped'));
  expect(drains).toHaveLength(1);
});

it('ends in a moment, whether drains run or Redis is away', async () => {
  const { redis, jobs, queue, close, wakeUntilSeen } = await open();
  close();
  await wakeUntilSeen(randomUUID());
  const began = performance.now();
  await jobs[Symbol.asyncDispose](); // its signal ends the drain
  expect(performance.now() - began).toBeLessThan(2000);

  const log = pino({ level: 'silent' });
  const idle = createBuildJobs({
    ...{ redisUrl: redis.url, platformId: 'abc123', log },
    drain: () => Promise.resolve(),
  });
  await pause(300, patient);
  await redis.kill();
  const again = performance.now();
  await Promise.all([idle[Symbol.asyncDispose](), queue[Symbol.asyncDispose]()]);
  expect(performance.now() - again).toBeLessThan(2000);
});
