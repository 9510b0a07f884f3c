import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { startLoad } from '../support/load.ts';
import { watchAftermath, type Aftermath } from '../support/aftermath.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';
import { haproxyPids, kill9, pidOf } from '../support/victims.ts';

const patient = new AbortController().signal;
/** Once what was killed is there again, until all is as it should be. */
const CONVERGED_MS = 15_000;
/** The sample's own slowness. */
const BUILDS_FOR_S = 3;
const BOOTS_FOR_MS = 3_000;
const FIRST_ANSWER_MS = 10_000;

let ann: Person;
let repo: Repo;
let home: string;
let after: Aftermath;
/** What a push of the slow app takes here and now when nothing is killed: no bound may be that of an idle machine. */
let undisturbedMs: number;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  home = inject('platform').home;
  repo = await ann.newApp('tough');
  after = watchAftermath(ann, 'tough', repo);
  await commitSlow();
  const began = performance.now();
  const pushed = await repo.push();
  expect(pushed, pushed.stderr).toEqual(expect.objectContaining({ code: 0 }));
  undisturbedMs = performance.now() - began;
});
afterAll(() => ann[Symbol.asyncDispose]());

/** A build that takes a while, then an app that boots slowly: there is time to die in each. */
function slowApp(says: string): Record<string, string> {
  const app = dockerfileApp(says);
  return {
    ...app,
    Dockerfile: (app['Dockerfile'] ?? '').replace(
      'USER 1000',
      `RUN sleep ${BUILDS_FOR_S} && echo ${says}\nUSER 1000`,
    ),
    'server.js': (app['server.js'] ?? '').replace(
      /server\.listen\(([^;]*)\);/,
      `setTimeout(() => server.listen($1), ${BOOTS_FOR_MS});`,
    ),
  };
}

/** An app that accepts connections at once and answers nobody until it is warm. */
function warmingApp(says: string): Record<string, string> {
  const app = dockerfileApp(says);
  return {
    ...app,
    'server.js': (app['server.js'] ?? '').replace(
      /res\.end\((.*)\)\);/,
      `setTimeout(() => res.end($1), Math.max(0, ${FIRST_ANSWER_MS} - process.uptime() * 1000)));`,
    ),
  };
}

/** Starts a push and resolves once it has said `word`. */
async function pushUntil(word: string) {
  const child = repo.startPush();
  let said = '';
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const spoken = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(word)) resolve();
      });
    }
  });
  await Promise.race([spoken, ended]);
  expect(said).toContain(word);
  return { ended, said: () => said };
}

/** A build step that was made before, in whatever run, is taken from the cache, and there is no time to die in it. */
const thisRun = randomUUID();
let round = 0;
async function commitSlow(files = slowApp): Promise<string> {
  round += 1;
  const says = `slow ${thisRun} ${round}`;
  await repo.commit(files(says));
  return says;
}

/** What must be true again soon after a kill, whatever was killed and when. */
async function converges(restartedMs: number): Promise<void> {
  // The build that was cut off is made again, and the machine may be twice as busy by now.
  expect(await after.converged(restartedMs)).toBeLessThan(CONVERGED_MS + 2 * undisturbedMs);
}

const BUILDING = `RUN sleep ${BUILDS_FOR_S}`;

describe('kill -9 of the server', () => {
  it.each([
    ['while the image is built', slowApp, BUILDING, 'Discovering process types'],
    ['while the new instance boots', slowApp, 'Launching', 'is up after'],
    ['while the new release is proven', warmingApp, 'is up after', 'Released'],
  ])(
    '%s: no visitor notices, the deploy is decided once, the branch tells the truth',
    async (_, app, moment, next) => {
      const says = await commitSlow(app);
      const before = await after.seen();
      const load = startLoad({ port: ann.place.httpPort, host: 'tough.localhost', perSecond: 100 });
      const push = await pushUntil(moment);
      const restartedMs = await after.killed('server');
      await push.ended;
      expect(push.said()).not.toContain(next);
      await converges(restartedMs);
      expect((await load.stop()).failures).toEqual([]);
      // What was accepted is not lost: the deploy went on, and was made once.
      expect((await ann.visit('tough')).body).toBe(says);
      expect((await after.seen()).releases).toBe(before.releases + 1);
    },
  );
});

it('kill -9 of the builder in mid-build: the push ends with the truth', async () => {
  const says = await commitSlow();
  const push = await pushUntil(BUILDING);
  expect(push.said()).not.toContain('Discovering process types');
  const restartedMs = await after.killed('builder');
  const code = await push.ended;
  await converges(restartedMs);
  expect((await ann.visit('tough')).body === says, push.said()).toBe(code === 0);
});

describe('Redis', () => {
  const redis = async (...args: string[]): Promise<void> => {
    await promisify(execFile)('redis-cli', ['-s', join(home, 'run', 'redis', 'redis.sock'), ...args]);
  };

  it('wiped in mid-deploy loses nothing', async () => {
    const says = await commitSlow();
    const push = await pushUntil(BUILDING);
    await redis('FLUSHALL');
    expect(await push.ended, push.said()).toBe(0);
    expect((await ann.visit('tough')).body).toBe(says);
  });

  it('killed in mid-deploy costs nothing but a moment', async () => {
    const says = await commitSlow();
    const push = await pushUntil(BUILDING);
    const restartedMs = await after.killed('redis');
    expect(await push.ended, push.said()).toBe(0);
    await converges(restartedMs);
    expect((await ann.visit('tough')).body).toBe(says);
  });
});

it('kill -9 of each HAProxy under load: the other one serves, the dead one is back', async () => {
  const load = startLoad({ port: ann.place.httpPort, host: 'tough.localhost', perSecond: 200 });
  const before = await haproxyPids(home);
  expect(before).toHaveLength(2);
  for (const pid of before) {
    await kill9(pid);
    await expect.poll(() => haproxyPids(home), { timeout: CONVERGED_MS }).not.toContain(pid);
    await pause(2_000, patient);
  }
  const report = await load.stop();
  // What the dead process held in its hands is lost, and nothing else.
  expect(report.counts.refused).toBe(0);
  expect(report.counts.serverError).toBe(0);
  expect(report.failed).toBeLessThan(0.02 * report.counts.ok);
  expect((await ann.visit('tough')).status).toBe(200);
});

it('kill -9 of the router agent: nobody notices, and it takes changes again', async () => {
  const load = startLoad({ port: ann.place.httpPort, host: 'tough.localhost', perSecond: 100 });
  await kill9(await pidOf(home, 'router'));
  await commitSlow();
  const pushed = await repo.push();
  const report = await load.stop();
  expect(pushed.code).toBe(0);
  expect(report.failures).toEqual([]);
});

it('kill -9 of the database in mid-deploy: visitors do not notice and nothing acknowledged is lost', async () => {
  await ann.gantry('config:set', 'KEPT=yes', '-a', 'tough');
  const says = await commitSlow();
  const load = startLoad({ port: ann.place.httpPort, host: 'tough.localhost', perSecond: 100 });
  const push = await pushUntil(BUILDING);
  const restartedMs = await after.killed('postgres');
  const code = await push.ended;
  await converges(restartedMs);
  expect((await ann.visit('tough')).body === says, push.said()).toBe(code === 0);
  expect((await load.stop()).failures).toEqual([]);
  expect((await ann.gantry('config:get', 'KEPT', '-a', 'tough')).stdout.trim()).toBe('yes');
});
