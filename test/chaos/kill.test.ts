import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { pause } from '../../lib/deadline.ts';
import { startLoad } from '../support/load.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';
import { haproxyPids, kill9, pidOf } from '../support/victims.ts';

const patient = new AbortController().signal;
const CONVERGED_MS = 15_000;

let ann: Person;
let repo: Repo;
let home: string;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  home = inject('platform').home;
  repo = await ann.newApp('tough');
  await repo.commit(dockerfileApp('tough'));
  expect((await repo.push()).code).toBe(0);
});
afterAll(() => ann[Symbol.asyncDispose]());

const releases = z.array(
  z.looseObject({ version: z.int(), status: z.string(), current: z.boolean(), description: z.string() }),
);
const dynos = z.array(
  z.looseObject({ name: z.string(), state: z.string(), release: z.looseObject({ version: z.int() }) }),
);

/** A build that takes a while, then an app that boots slowly: there is time to die in each. */
function slowApp(says: string): Record<string, string> {
  const app = dockerfileApp(says);
  return {
    ...app,
    Dockerfile: (app['Dockerfile'] ?? '').replace('USER 1000', `RUN sleep 2 && echo ${says}\nUSER 1000`),
    'server.js': (app['server.js'] ?? '').replace(
      /server\.listen\(([^;]*)\);/,
      'setTimeout(() => server.listen($1), 2500);',
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

/** What must be true again soon after a kill, whatever was killed and when. */
async function converged(): Promise<void> {
  await expect
    .poll(
      async () => {
        const all = await ann
          .json('releases', '-a', 'tough')
          .then((json) => releases.parse(json))
          .catch(() => []);
        const running = await ann
          .json('ps', '-a', 'tough')
          .then((json) => dynos.parse(json))
          .catch(() => []);
        const current = all.find((release) => release.current);
        return {
          undecided: all.filter((release) => release.status === 'pending').length,
          running: running.map((dyno) => `${dyno.name} ${dyno.state} v${dyno.release.version}`),
          served: (await ann.visit('tough').catch(() => ({ status: 0 }))).status,
          current: current && `web.1 up v${current.version}`,
        };
      },
      { timeout: CONVERGED_MS, interval: 250 },
    )
    .toSatisfy((seen: { undecided: number; running: string[]; served: number; current?: string }) => {
      return (
        seen.undecided === 0 &&
        seen.served === 200 &&
        seen.running.length === 1 &&
        seen.running[0] === seen.current
      );
    });
}

/** The branch shows the commit of the last successful deploy, which `releases` names by its first 8 digits. */
async function branchIsTrue(): Promise<void> {
  const all = releases.parse(await ann.json('releases', '-a', 'tough'));
  const deployed = all.find(
    (release) => release.status === 'succeeded' && release.description.startsWith('Deploy '),
  );
  const commit = deployed?.description.slice('Deploy '.length) ?? '';
  await expect
    .poll(async () => (await repo.git('ls-remote', 'gantry', 'refs/heads/main')).stdout, {
      timeout: CONVERGED_MS,
    })
    .toMatch(new RegExp(`^${commit}`));
}

let round = 0;
async function commitSlow(): Promise<string> {
  round += 1;
  const says = `slow ${round}`;
  await repo.commit(slowApp(says));
  return says;
}

describe('kill -9 of the server', () => {
  it.each([
    ['while the image is built', 'Step 3'],
    ['while the new instance boots', 'Launching'],
    ['right after the instance got ready', 'is up after'],
  ])('%s: no visitor notices, the deploy is decided once, the branch tells the truth', async (_, moment) => {
    await commitSlow();
    const load = startLoad({ port: ann.place.httpPort, host: 'tough.localhost', perSecond: 100 });
    const push = await pushUntil(moment === 'Step 3' ? 'remote:' : moment);
    await kill9(await pidOf(home, 'server'));
    await push.ended;
    await converged();
    await branchIsTrue();
    const report = await load.stop();
    expect(report.failures).toEqual([]);
  });
});

it('kill -9 of the builder in mid-build: the push ends with the truth', async () => {
  const says = await commitSlow();
  const push = await pushUntil('remote:');
  await kill9(await pidOf(home, 'builder'));
  const code = await push.ended;
  await converged();
  await branchIsTrue();
  expect((await ann.visit('tough')).body === says).toBe(code === 0);
});

describe('Redis', () => {
  const redis = async (...args: string[]): Promise<void> => {
    await promisify(execFile)('redis-cli', ['-s', join(home, 'run', 'redis', 'redis.sock'), ...args]);
  };

  it('wiped in mid-deploy loses nothing', async () => {
    const says = await commitSlow();
    const push = await pushUntil('remote:');
    await redis('FLUSHALL');
    expect(await push.ended).toBe(0);
    expect((await ann.visit('tough')).body).toBe(says);
  });

  it('killed just before a push costs nothing but a moment', async () => {
    await kill9(await pidOf(home, 'redis'));
    const says = await commitSlow();
    expect((await repo.push()).code).toBe(0);
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
  const push = await pushUntil('remote:');
  await kill9(await pidOf(home, 'postgres'));
  const code = await push.ended;
  await converged();
  await branchIsTrue();
  expect((await ann.visit('tough')).body === says, push.said()).toBe(code === 0);
  expect((await load.stop()).failures).toEqual([]);
  expect((await ann.gantry('config:get', 'KEPT', '-a', 'tough')).stdout.trim()).toBe('yes');
});
