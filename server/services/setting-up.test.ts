import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { createMemoryAppSetups } from '../../test/support/memory-app-setups.ts';
import { createFakeLogs } from '../../test/support/fake-logs.ts';
import { createFakeRunEngine } from '../../test/support/fake-run-engine.ts';
import { failsAfter, failsBefore } from '../../test/support/mishaps.ts';
import { createMemoryUploads, HOSTILE, MANIFEST } from '../../test/support/memory-uploads.ts';
import { createDeployRig, imageOf, patient } from '../../test/support/services-rig.ts';
import { until } from '../../test/support/until.ts';
import type { SetupOrder } from '../domain/app-setup.ts';
import { PlatformError } from '../domain/errors.ts';
import type { LogLine } from '../ports/engine.ts';
import { createAppSetups } from './app-setups.ts';
import { createRunOrders } from './run-orders.ts';
import { createSettingUp } from './setting-up.ts';

const WAIT_MS = 5_000;
const TOKENS = { pullToken: () => 'pull' };

/** Everything between an app.json and its end; the builder makes an image with these process types. */
function openRig(types: readonly string[] = ['web', 'worker']) {
  const rig = createDeployRig();
  const uploads = createMemoryUploads();
  const store = rig.mishaps.on('setups', createMemoryAppSetups(rig.world));
  const runs = createFakeRunEngine(() => rig.clock.now());
  const lines: LogLine[] = [];
  const engine = { ...runs, ...createFakeLogs(() => lines), prepare: () => Promise.resolve() };
  const fetched: string[] = [];
  const egress = {
    answer: 'app.json {}' as string | Error,
    async fetch<T>(
      { url }: { readonly url: string },
      take: (content: AsyncIterable<Uint8Array>) => Promise<T>,
    ): Promise<T> {
      fetched.push(url);
      if (egress.answer instanceof Error) throw egress.answer;
      return take(contentOf(egress.answer));
    },
  };
  const orders = createRunOrders(engine);
  const open = () =>
    createSettingUp({
      ...{ apps: rig.apps, releases: rig.releases, builds: rig.builds, options: rig.options, store, uploads },
      ...{ repositories: rig.repositories, egress, engine, orders, tokens: TOKENS, clock: rig.clock },
      ...{ controller: rig.controller, log: quiet, urlOf: (name) => `http://${name}.test`, epoch: () => 1 },
      queue: { wake: (appId) => void rig.deploys.drain(appId, patient) },
      ...{ againMs: 5, lookMs: 5 },
    });

  async function begin(source: unknown, order: Partial<SetupOrder> = {}, checksum: string | null = null) {
    const upload = { id: randomUUID(), userId: rig.ann.userId };
    const text = typeof source === 'string' ? source : MANIFEST + JSON.stringify(source);
    await uploads.put(upload, contentOf(text), patient);
    const setup = {
      ...{ id: randomUUID(), userId: rig.ann.userId, buildId: randomUUID() },
      source: { checksum, version: 'v1' },
      order: { source: { upload }, env: new Map<string, string>(), buildpacks: null, ...order },
    };
    const id = randomUUID();
    const made = { id, name: `app-${id.slice(0, 6)}`, ownerId: rig.ann.userId, deployBranch: null, setup };
    const app = await rig.apps.create(made, patient);
    await rig.repositories.ensure(app.id, patient);
    rig.builder.expect(app.id, [{ kind: 'built', image: imageOf(types) }]);
    return { id: setup.id, app };
  }

  const find = (id: string) => {
    const found = rig.world.setups.get(id)?.setup;
    if (!found) throw new Error('the setup is gone');
    return found;
  };
  /** Takes up what is pending until this setup is decided, or `enough` holds. */
  async function work(id: string, enough: () => boolean = () => false) {
    const worker = open();
    await until(async () => {
      await worker.takeUp(patient);
      return enough() || find(id).status !== 'pending';
    }, WAIT_MS);
    return find(id);
  }
  /** Ends the postdeploy command as soon as it runs. */
  function ending(code: number, ...said: string[]): void {
    engine.startRun = async (id, signal) => {
      await runs.startRun(id, signal);
      const number = runs.created.find((one) => one.id === id)?.spec.number ?? 0;
      for (const text of said)
        lines.push({ at: rig.clock.now(), source: 'app', instance: `run.${number}`, text });
      lines.push({ at: rig.clock.now(), source: 'gantry', instance: `run.${number}`, text: 'exited' });
      runs.end(id, code);
    };
  }
  const configOf = async (appId: string) => {
    const latest = await rig.releases.latest(appId, patient);
    const config = await rig.releases.configOf(latest.id, patient);
    return Object.fromEntries([...config].map(([key, value]) => [key, value.reveal()]));
  };
  return { ...rig, store, runs, engine, egress, fetched, begin, work, find, ending, configOf };
}

const quiet = quietLog();

async function* contentOf(text: string): AsyncGenerator<Uint8Array> {
  yield Promise.resolve(Buffer.from(text));
}

const WHOLE = {
  env: { SECRET: { generator: 'secret' }, GREETING: 'hello', NAME: {} },
  buildpacks: [{ url: 'heroku/nodejs' }],
  formation: { web: { quantity: 2 }, worker: { quantity: 1 }, clock: { quantity: 1 } },
  scripts: { postdeploy: 'node seed.js' },
  success_url: '/welcome',
};

describe('a setup', () => {
  it('does all that app.json says, in its order, and tells what came of it', async () => {
    const rig = openRig();
    rig.ending(0, 'seeding', 'seeded');
    const { id, app } = await rig.begin(WHOLE, { env: new Map([['NAME', 'Ann']]) });
    expect(await rig.work(id)).toMatchObject({
      ...{ status: 'succeeded', failure: null, successUrl: `http://${app.name}.test/welcome` },
      postdeploy: { output: 'seeding\nseeded\n', exitCode: 0 },
      manifestErrors: ['formation.clock is not used: the app has no such process type.'],
    });
    expect(await rig.configOf(app.id)).toEqual({
      ...{ SECRET: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, GREETING: 'hello', NAME: 'Ann' },
    });
    expect(await rig.options.buildpacks(app.id, patient)).toEqual(['heroku/nodejs']);
    expect(Object.fromEntries((await rig.again(app)).formation)).toMatchObject({ web: 2, worker: 1 });
    expect(await rig.releasesOf(app)).toEqual(['v3 succeeded current', 'v2 succeeded', 'v1 succeeded']);
    expect(rig.runs.created).toMatchObject([
      { spec: { release: 3, command: 'node seed.js', attached: false } },
    ]);
  });

  it('succeeds without anything to say', async () => {
    const rig = openRig();
    const { id } = await rig.begin({});
    expect(await rig.work(id)).toMatchObject({ status: 'succeeded', postdeploy: null, successUrl: null });
    expect(rig.runs.created).toEqual([]);
  });

  it('fails with the sentences about its app.json, and builds nothing', async () => {
    const rig = openRig();
    const { id, app } = await rig.begin({ env: { A: {}, B: {} }, addons: ['heroku-redis'] });
    const done = await rig.work(id);
    expect(done).toMatchObject({ status: 'failed', manifestErrors: { length: 3 } });
    expect(done.failure).toMatch(/^The app\.json cannot be carried out: addons: .*REDIS_URL/);
    expect(await rig.releasesOf(app)).toEqual(['v1 succeeded current']);
  });

  it('leaves no app behind when it fails before anything was built, and is there to be read', async () => {
    const rig = openRig();
    const { id, app } = await rig.begin({ env: { A: {} } });
    expect(await rig.work(id)).toMatchObject({ status: 'failed', formerApp: app.name });
    expect(await rig.apps.find(app.id, patient)).toBeUndefined();
  });

  it('is there to be read at every moment, also when it takes its app along between two looks', async () => {
    const rig = openRig();
    const { id, app } = await rig.begin({ env: { A: {} } });
    let ended: Promise<unknown> | undefined;
    const setups = createAppSetups({
      ...{ apps: { create: () => Promise.reject(new Error('not asked here')) }, appStore: rig.apps },
      builds: rig.builds,
      store: {
        async find(which, signal) {
          const seen = await rig.store.find(which, signal);
          await (ended ??= rig.work(id));
          return seen;
        },
      },
      egress: { check: () => undefined },
    });
    const found = await setups.find({ ...rig.ann, scopes: ['global'] }, id, patient);
    expect(found).toMatchObject({ setup: { status: 'failed' }, app: { name: app.name }, build: null });
    const stranger = { ...rig.ann, userId: randomUUID(), scopes: ['global'] as const };
    await expect(setups.find(stranger, id, patient)).rejects.toThrow(/app setup/);
  });

  it('leaves the app in which somebody deployed meanwhile, although it fails', async () => {
    const rig = openRig();
    const { id, app } = await rig.begin({ env: { A: {} } });
    await rig.submit(app);
    expect(await rig.work(id)).toMatchObject({ status: 'failed', formerApp: null });
    expect(await rig.apps.find(app.id, patient)).toMatchObject({ name: app.name });
  });

  it('fails with all of them at once, wherever they are', async () => {
    const rig = openRig();
    const manifest = {
      env: { 'a b': 'x', NEED: {} },
      formation: { web: { quantity: 99 } },
      addons: ['heroku-redis'],
    };
    const { id } = await rig.begin({ ...manifest, buildpacks: ['heroku/ruby'] });
    const { manifestErrors } = await rig.work(id);
    expect([...manifestErrors].sort()).toEqual([
      expect.stringMatching(/^addons: /),
      expect.stringMatching(/^buildpacks: The buildpack heroku\/ruby is not one of this platform/),
      expect.stringMatching(/^env\."a b" must be letters/),
      'env.NEED is required: give its value with the setup.',
      'formation.web.quantity must be at most 28.',
    ]);
  });

  it('looks at no buildpacks of app.json when others were given with it', async () => {
    const rig = openRig();
    const { id } = await rig.begin({ buildpacks: ['heroku/ruby'] }, { buildpacks: ['heroku/nodejs'] });
    expect(await rig.work(id)).toMatchObject({ status: 'succeeded', manifestErrors: [] });
  });

  it.each<[string, string, RegExp]>([
    ['no app.json', 'something else', /no app\.json/],
    ['an app.json that is none', 'app.json {', /not valid JSON/],
    ['something hostile', HOSTILE, /hostile/],
  ])('of a source with %s fails with the reason', async (_what, source, reason) => {
    const rig = openRig();
    const { id } = await rig.begin(source);
    expect(await rig.work(id)).toMatchObject({
      status: 'failed',
      failure: expect.stringMatching(reason) as unknown,
    });
  });

  it('of another source than was meant fails', async () => {
    const rig = openRig();
    const { id } = await rig.begin({}, {}, `SHA256:${'0'.repeat(64)}`);
    expect((await rig.work(id)).failure).toMatch(/checksum/);
  });

  it('fetches its source from elsewhere, and says why it could not', async () => {
    const rig = openRig();
    const source = { url: 'https://example.com/x.tgz' };
    const { id } = await rig.begin('unused', { source });
    expect(await rig.work(id)).toMatchObject({ status: 'succeeded' });
    rig.egress.answer = PlatformError.of('egress_failed', { host: 'example.com', reason: 'ENOTFOUND' });
    const second = await rig.begin('unused', { source });
    expect((await rig.work(second.id)).failure).toMatch(/example\.com could not be called: ENOTFOUND/);
    expect(rig.fetched).toHaveLength(4); // it was asked three times
  });

  it('fails when its build fails, with the reason', async () => {
    const rig = openRig();
    rig.course.outcome = { failure: 'web.1 exited with status 1' };
    rig.ending(0);
    const { id, app } = await rig.begin(WHOLE, { env: new Map([['NAME', 'x']]) });
    expect(await rig.work(id)).toMatchObject({ status: 'failed', failure: 'web.1 exited with status 1' });
    expect(rig.runs.created).toEqual([]);
    expect(await rig.apps.find(app.id, patient), 'there is something to look at').toBeDefined();
  });

  it('fails when its command fails, and keeps what that printed', async () => {
    const rig = openRig();
    rig.ending(3, 'no such table');
    const { id } = await rig.begin({ scripts: { postdeploy: 'false' } });
    const done = await rig.work(id);
    expect(done).toMatchObject({ status: 'failed', postdeploy: { output: 'no such table\n', exitCode: 3 } });
    expect(done.failure).toMatch(/ended with status 3/);
  });

  it('ends when its app is destroyed', async () => {
    const rig = openRig();
    const { id, app } = await rig.begin({});
    await rig.apps.markDeleted(await rig.again(app), patient);
    const ended = () => rig.world.setups.get(id)?.setup.status === 'failed';
    await rig.work(id, ended);
    expect(rig.world.setups.get(id)?.setup.failure).toBe('The app was destroyed');
  });
});

describe('a setup that is taken up again', () => {
  it('makes up no other secret and no other release', async () => {
    const rig = openRig();
    const away = PlatformError.of('database_away', {});
    rig.mishaps.at('setups.recordPrepared', failsBefore(away));
    rig.mishaps.at('setups.recordPrepared', failsAfter(away));
    const { id, app } = await rig.begin({ env: { SECRET: { generator: 'secret' } } });
    let first: unknown;
    await rig.work(id, () => {
      first ??= [...rig.world.releases.values()]
        .find((one) => one.version === 2)
        ?.config.get('SECRET')
        ?.reveal();
      return false;
    });
    expect(await rig.configOf(app.id)).toEqual({ SECRET: first });
    expect(await rig.releasesOf(app)).toHaveLength(3);
    expect(rig.mishaps.unused()).toEqual([]);
  });

  it('goes on with the command that runs, and starts no second one', async () => {
    const rig = openRig();
    const { id } = await rig.begin({ scripts: { postdeploy: 'sleep 5' } });
    await rig.work(id, () => rig.runs.created.length === 1);
    await until(() => Promise.resolve(rig.find(id).runId !== null), WAIT_MS);
    const [run] = rig.runs.created;
    setTimeout(() => rig.runs.end(run?.id ?? '', 0), 30);
    expect(await rig.work(id)).toMatchObject({ status: 'succeeded', postdeploy: { exitCode: 0 } });
    expect(rig.runs.created).toHaveLength(1);
  });

  it('does not claim to know how a command ended whose process is gone', async () => {
    const rig = openRig();
    const { id } = await rig.begin({ scripts: { postdeploy: 'sleep 5' } });
    await rig.work(id, () => rig.runs.created.length === 1);
    await until(() => Promise.resolve(rig.find(id).runId !== null), WAIT_MS);
    await rig.runs.remove(rig.runs.created[0]?.id ?? '', patient);
    const done = await rig.work(id);
    expect(done).toMatchObject({ status: 'failed', postdeploy: null });
    expect(done.failure).toMatch(/nobody knows how it ended/);
  });
});
