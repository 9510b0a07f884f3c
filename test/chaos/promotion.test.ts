import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { startLoad } from '../support/load.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';
import { kill9, pidOf } from '../support/victims.ts';

const place = inject('platform');
const [staging, live] = ['moved-staging', 'moved'];
const DECIDED = { timeout: 60_000, interval: 250 };

const named = z.looseObject({ id: z.string() });
const promotion = z.looseObject({ id: z.string(), status: z.enum(['pending', 'completed']) });
const targets = z.array(
  z.looseObject({ status: z.enum(['pending', 'succeeded', 'failed']), error_message: z.string().nullable() }),
);
const releases = z.array(
  z.looseObject({ status: z.string(), current: z.boolean(), description: z.string() }),
);

let ann: Person;
let repo: Repo;
let token: string;

async function call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
  const res = await fetch(`http://127.0.0.1:${place.apiPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!res.ok) throw new Error(`${method} ${path}: ${await res.text()}`);
  return res.json();
}
const idOf = async (path: string): Promise<string> => named.parse(await call('GET', path)).id;
const releasesOf = async (app: string) => releases.parse(await ann.json('releases', '-a', app));

/** Boots slowly: there is time to die in. */
async function pushSlow(says: string): Promise<void> {
  const app = dockerfileApp(says);
  const slow = (app['server.js'] ?? '').replace(
    /server\.listen\(([^;]*)\);/,
    'setTimeout(() => server.listen($1), 2500);',
  );
  await repo.commit({ ...app, 'server.js': slow });
  const pushed = await repo.push();
  expect(pushed, pushed.stderr).toEqual(expect.objectContaining({ code: 0 }));
}

beforeAll(async () => {
  token = (await readFile(join(place.home, 'admin-token'), 'utf8')).trim();
  ann = await meetPerson(place);
  repo = await ann.newApp(staging);
  await ann.newApp(live);
  await pushSlow('first');
  for (const args of [
    ['pipelines:create', live, '-a', staging],
    ['pipelines:add', live, '-a', live],
    ['pipelines:promote', '-a', staging],
  ]) {
    const done = await ann.gantry(...args);
    expect(done, done.stderr).toEqual(expect.objectContaining({ code: 0 }));
  }
});
afterAll(() => ann[Symbol.asyncDispose]());

async function ask(): Promise<string> {
  const [pipeline, from, to] = await Promise.all([
    idOf(`/pipelines/${live}`),
    idOf(`/apps/${staging}`),
    idOf(`/apps/${live}`),
  ]);
  const made = await call('POST', '/pipeline-promotions', {
    pipeline: { id: pipeline },
    source: { app: { id: from } },
    targets: [{ app: { id: to } }],
  });
  return promotion.parse(made).id;
}

const stateOf = async (id: string) => {
  const { status } = promotion.parse(await call('GET', `/pipeline-promotions/${id}`));
  const all = targets.parse(await call('GET', `/pipeline-promotions/${id}/promotion-targets`));
  return { status, targets: all.map((one) => one.status) };
};

it.each([
  ['as soon as the promotion was acknowledged', 'second', false],
  ['while what was promoted boots', 'third', true],
] as const)(
  'kill -9 of the server %s: it is done once, and no visitor notices',
  async (_, says, underWay) => {
    await pushSlow(says);
    const before = await releasesOf(live);
    const load = startLoad({ port: place.httpPort, host: `${live}.localhost`, perSecond: 50 });
    const id = await ask();
    const pending = async (): Promise<boolean> =>
      (await releasesOf(live)).some(({ status }) => status === 'pending');
    if (underWay) await expect.poll(pending, { timeout: 30_000, interval: 50 }).toBe(true);
    await kill9(await pidOf(place.home, 'server'));

    const over = { status: 'completed', targets: ['succeeded'] };
    await expect.poll(() => stateOf(id).catch(() => undefined), DECIDED).toEqual(over);
    expect((await ann.visit(live)).body).toBe(says);
    const after = await releasesOf(live);
    expect(after).toHaveLength(before.length + 1);
    expect(after.filter(({ current }) => current)).toMatchObject([
      { status: 'succeeded', description: expect.stringContaining(`Promote ${staging}`) as string },
    ]);
    expect((await load.stop()).failures).toEqual([]);
    expect(await stateOf(id)).toEqual(over);
  },
);
