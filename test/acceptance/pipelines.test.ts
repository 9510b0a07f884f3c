import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';

/** Says what it was told by its config, which may also name a version that does not start. */
function told(version: string): Record<string, string> {
  return {
    'package.json': JSON.stringify({ name: 'told', version: '1.0.0', scripts: { start: 'node server.js' } }),
    'server.js': `if (process.env.BROKEN === '${version}') process.exit(3);
require('node:http')
  .createServer((_, res) => res.end('${version} in ' + process.env.WHERE))
  .listen(process.env.PORT);
`,
  };
}

let ann: Person;
let repo: Repo;
const [staging, live, broken] = ['told-staging', 'told', 'told-eu'];
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp(staging);
  for (const app of [live, broken]) await ann.newApp(app);
  for (const [app, where] of [
    [staging, 'staging'],
    [live, 'production'],
    [broken, 'europe'],
  ] as const)
    await ann.gantry('config:set', `WHERE=${where}`, '-a', app);
  await ann.gantry('config:set', 'BROKEN=three', '-a', broken);
});
afterAll(() => ann[Symbol.asyncDispose]());

it('what was pushed to one app is promoted to the next, with the config of that, and nothing is dropped', async () => {
  await repo.commit(told('one'));
  expect((await repo.push()).code).toBe(0);
  expect((await ann.gantry('pipelines:create', 'told', '-a', staging)).code).toBe(0);
  expect((await ann.gantry('pipelines:add', 'told', '-a', live)).code).toBe(0);
  const done = await ann.gantry('pipelines:promote', '-a', staging);
  expect(done, done.stderr).toEqual(expect.objectContaining({ code: 0 }));
  expect((await ann.visit(live)).body).toBe('one in production');

  await repo.commit(told('two'));
  expect((await repo.push()).code).toBe(0);
  expect((await ann.visit(live)).body).toBe('one in production');
  const load = startLoad({ port: ann.place.httpPort, host: `${live}.localhost`, perSecond: 50 });
  expect((await ann.gantry('pipelines:promote', '-a', staging)).code).toBe(0);
  expect((await load.stop()).failures).toEqual([]);
  expect((await ann.visit(live)).body).toBe('two in production');
  expect((await ann.gantry('pipelines:diff', '-a', staging)).stdout).toContain('up to date');
});

it('an app on which it does not start keeps what it had, and the command says so and fails', async () => {
  expect((await ann.gantry('pipelines:add', 'told', '-a', broken)).code).toBe(0);
  expect((await ann.gantry('pipelines:promote', '-a', staging, '--to', broken)).code).toBe(0);
  await repo.commit(told('three'));
  expect((await repo.push()).code).toBe(0);
  const done = await ann.gantry('pipelines:promote', '-a', staging);
  expect(done.code).toBe(1);
  expect(done.stdout).toMatch(/told +succeeded/);
  expect((await ann.visit(live)).body).toBe('three in production');
  expect((await ann.visit(broken)).body).toBe('two in europe');
});

it('what was promoted is rolled back like any release, and stays when the app it came from is gone', async () => {
  expect((await ann.gantry('rollback', '-a', live)).code).toBe(0);
  expect((await ann.visit(live)).body).toBe('two in production');
  await ann.destroy(staging);
  expect((await ann.gantry('ps:restart', '-a', live)).code).toBe(0);
  expect((await ann.visit(live)).body).toBe('two in production');
});
