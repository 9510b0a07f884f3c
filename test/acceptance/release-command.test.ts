import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

const ON = ['-a', 'migrating'];
let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('migrating');
});
afterAll(() => ann[Symbol.asyncDispose]());

/** An app whose release command prints what it is given, and ends as the config says. */
const app = (says: string, step: string) => ({
  ...dockerfileApp(says),
  Procfile: `web: node server.js\nrelease: echo "${step} as $DYNO of $GANTRY_RELEASE_VERSION"; exit \${END:-0}\n`,
});
const versions = async (): Promise<readonly string[]> =>
  ((await ann.json('releases', ...ON)) as { version: number; status: string }[])
    .toSorted((a, b) => a.version - b.version)
    .map(({ version, status }) => `v${version} ${status}`);

it('runs before its release is live, and the push shows what it prints', async () => {
  await repo.commit(app('one', 'step one'));
  const pushed = await repo.push();
  expect(pushed.code, pushed.stderr).toBe(0);
  expect(pushed.stderr).toMatch(/-----> Running the release command: echo "step one/);
  expect(pushed.stderr).toMatch(/^remote: {8}step one as release\.1 of v2 *$/m);
  expect(pushed.stderr.indexOf('step one as')).toBeLessThan(pushed.stderr.indexOf('web.1 is up'));
  expect((await ann.visit('migrating')).body).toBe('one');
  expect((await ann.gantry('releases:output', ...ON)).stdout).toContain('step one as release.1 of v2');
  expect((await ann.gantry('ps', ...ON)).stdout).not.toMatch(/^release\./m);
});

it('runs with a change of config too, which it can refuse: what served serves, with the config it had', async () => {
  const refused = await ann.gantry('config:set', 'END=3', ...ON);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    'the release command exited with status 3. What ran before was not touched.',
  );
  expect(refused.stderr).toContain('step one as release.1 of v3');
  expect((await ann.visit('migrating')).body).toBe('one');
  expect((await ann.gantry('config:get', 'END', ...ON)).stdout).toBe('');
  expect(await versions()).toEqual(['v1 succeeded', 'v2 succeeded', 'v3 failed']);
});

it('fails the push of a release that it does not like, of which nothing is started', async () => {
  await repo.commit({ ...app('two', 'step two'), Procfile: 'web: node server.js\nrelease: no-such-tool\n' });
  const pushed = await repo.push();
  expect(pushed.code).toBe(1);
  expect(pushed.stderr).toMatch(/no-such-tool: (?:command )?not found/);
  expect(pushed.stderr).toContain('the release command exited with status 127');
  expect(pushed.stderr).not.toContain('web.1 is up');
  expect((await ann.visit('migrating')).body).toBe('one');
});

it('is not run again by a restart, and by a rollback it is', async () => {
  const runs = async () =>
    (await ann.gantry('logs', '-n', '1000', ...ON)).stdout
      .split('\n')
      .filter((line) => /step \w+ as/.test(line));
  await repo.commit(app('three', 'step three'));
  expect((await repo.push()).code).toBe(0);
  const before = await runs();
  expect((await ann.gantry('ps:restart', ...ON)).code).toBe(0);
  expect(await runs()).toEqual(before);
  const back = await ann.gantry('rollback', 'v2', ...ON);
  expect(back.code, back.stderr).toBe(0);
  expect(back.stderr).toContain('step one as release.1 of v6');
  expect((await ann.visit('migrating')).body).toBe('one');
});
