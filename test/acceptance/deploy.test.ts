import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp, nodeApp, staticSite } from '../support/samples.ts';

const PER_SECOND = 200;

let ann: Person;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
});
afterAll(() => ann[Symbol.asyncDispose]());

/** Visits the app at a constant rate while `change` happens, and for a while before and after. */
async function visitedDuring(app: string, change: () => Promise<void>) {
  const load = startLoad({ port: ann.place.httpPort, host: `${app}.localhost`, perSecond: PER_SECOND });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await change();
  // Long enough for the old instances to be drained and ended: a drop would show then.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  return load.stop();
}

describe.each([
  ['a Dockerfile app', 'shop', dockerfileApp],
  ['a Node app without Dockerfile', 'blog', nodeApp],
  ['a static site', 'site', staticSite],
] as const)('%s', (_, name, sample) => {
  let repo: Repo;

  it('is live when the push exits 0', async () => {
    repo = await ann.newApp(name);
    await repo.commit(sample('one'));
    const pushed = await repo.push();
    expect(pushed.stderr).toContain('Released v2');
    expect(pushed.code).toBe(0);
    const answer = await ann.visit(name);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('one');
  });

  it('drops no request while a second push replaces it', async () => {
    await repo.commit(sample('two'));
    let code: number | null = null;
    const report = await visitedDuring(name, async () => {
      code = (await repo.push()).code;
    });
    expect(code).toBe(0);
    expect(report.failures).toEqual([]);
    expect(report.rate).toBeGreaterThan(PER_SECOND * 0.95);
    const seen = [...report.bodies.keys()].join(' ');
    expect(seen).toContain('one');
    expect(seen).toContain('two');
  });
});

describe('what makes a release without a push', () => {
  let repo: Repo;
  beforeAll(async () => {
    repo = await ann.newApp('tuned');
    await repo.commit(nodeApp('tuned'));
    expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
  });

  it('is a config change, which reaches the app and drops nothing', async () => {
    const report = await visitedDuring('tuned', async () => {
      const set = await ann.gantry('config:set', 'X=hello world', '-a', 'tuned');
      expect(set).toEqual(expect.objectContaining({ code: 0 }));
    });
    expect(report.failures).toEqual([]);
    expect((await ann.visit('tuned', '/x')).body).toBe('hello world');
    expect((await ann.gantry('config:get', 'X', '-a', 'tuned')).stdout.trim()).toBe('hello world');
  });

  it('is a rollback, which brings back code and config', async () => {
    await repo.commit(nodeApp('broken idea'));
    expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
    const back = await ann.gantry('rollback', 'v2', '-a', 'tuned');
    expect(back).toEqual(expect.objectContaining({ code: 0 }));
    expect((await ann.visit('tuned')).body).toBe('tuned');
    expect((await ann.visit('tuned', '/x')).body).toBe('undefined');
  });

  it('is not scaling or restarting, which drop nothing either', async () => {
    const before = await ann.json('releases', '-a', 'tuned');
    const report = await visitedDuring('tuned', async () => {
      expect(await ann.gantry('ps:scale', 'web=3', 'worker=1', '-a', 'tuned')).toEqual(
        expect.objectContaining({ code: 0 }),
      );
      expect(await ann.gantry('ps:restart', '-a', 'tuned')).toEqual(expect.objectContaining({ code: 0 }));
      expect(await ann.gantry('ps:scale', 'web=1', 'worker=0', '-a', 'tuned')).toEqual(
        expect.objectContaining({ code: 0 }),
      );
    });
    expect(report.failures).toEqual([]);
    expect(await ann.json('releases', '-a', 'tuned')).toHaveLength((before as unknown[]).length);
  });

  it('prints what the processes printed', async () => {
    expect((await ann.gantry('logs', '-a', 'tuned', '-s', 'app', '-n', '200')).stdout).toContain(
      'listening on',
    );
  });
});
