import { request } from 'node:http';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

/** Says which release and which instance it is. */
const server = [
  "const http = require('node:http');",
  "const page = require('node:fs').readFileSync(__dirname + '/page.txt', 'utf8').trim();",
  "const server = http.createServer((req, res) => res.end(page + ' ' + process.env.DYNO));",
  "server.listen(process.env.PORT, '0.0.0.0');",
  "process.on('SIGTERM', () => server.close(() => process.exit(0)));",
  '',
].join('\n');

const platform = inject('platform');
let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(platform);
  repo = await ann.newApp('sticky');
  await repo.commit({ ...dockerfileApp('one'), 'server.js': server });
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
  expect((await ann.gantry('ps:scale', 'web=3', '-a', 'sticky')).code).toBe(0);
});
afterAll(() => ann[Symbol.asyncDispose]());

/** A browser that keeps its cookie: one answer after another, each on a new connection. */
function meetVisitor() {
  let cookie: string | undefined;
  const visit = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { host: 'sticky.localhost', ...(cookie !== undefined && { cookie }) };
      request({ host: '127.0.0.1', port: platform.httpPort, agent: false, headers }, (res) => {
        const [given] = res.headers['set-cookie'] ?? [];
        if (given !== undefined) cookie = given.split(';')[0];
        let body = '';
        res.on('data', (chunk: Buffer) => (body += chunk.toString()));
        res.on('end', () => resolve(res.statusCode === 200 ? body : `status ${String(res.statusCode)}`));
        res.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
  return {
    visit,
    /** Whom so many visits meet. */
    async meets(times = 12): Promise<string[]> {
      const met = new Set<string>();
      for (let n = 0; n < times; n += 1) met.add(await visit());
      return [...met];
    },
  };
}

it('visitors meet anybody, until the owner wants them to come back to the same instance', async () => {
  expect(await meetVisitor().meets()).toHaveLength(3);
  expect((await ann.gantry('features:enable', 'http-session-affinity', '-a', 'sticky')).code).toBe(0);
  await expect.poll(async () => (await meetVisitor().meets()).length, { timeout: 20_000 }).toBe(1);
  const met = new Set<string>();
  for (let n = 0; n < 12; n += 1) met.add(await meetVisitor().visit());
  expect([...met].sort(), 'each goes to another').toEqual(['one web.1', 'one web.2', 'one web.3']);
});

it('a visitor goes along with a deploy, and is asked to nowhere that is not there', async () => {
  const ben = meetVisitor();
  const [before] = await ben.meets();
  await repo.commit({ 'page.txt': 'two\n' });
  const seen: string[] = [];
  const push = { over: false };
  const visits = (async () => {
    while (!push.over) seen.push(await ben.visit());
  })();
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
  push.over = true;
  await visits;
  const [after, ...others] = await ben.meets();
  expect(others).toEqual([]);
  expect(after).toMatch(/^two web\.[123]$/);
  // One instance of each release, and no page of the router in between.
  expect(seen.filter((one) => one !== before && one !== after)).toEqual([]);
});

it('a visitor whose instance goes stays with another', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => Promise.resolve(meetVisitor())));
  const third = [];
  for (const visitor of all) if ((await visitor.visit()) === 'two web.3') third.push(visitor);
  expect(third.length).toBeGreaterThan(0);
  expect((await ann.gantry('ps:scale', 'web=2', '-a', 'sticky')).code).toBe(0);
  for (const visitor of third) {
    const met = await visitor.meets();
    expect(met).toHaveLength(1);
    expect(met[0]).toMatch(/^two web\.[12]$/);
  }
});
