import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

let cli: TestCli;
beforeEach(async () => void (cli = await openTestCli()));
afterEach(() => cli[Symbol.asyncDispose]());

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

function tree(files: Readonly<Record<string, string>>): string {
  const root = join(cli.home, 'source');
  mkdirSync(root);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

/** The one setup there is, as it is stored. */
const setup = () => [...cli.door.world.memory.setups.values()][0];

/** The setup, whose app went with it. */
async function readableByWhoBeganIt(id: string): Promise<void> {
  expect(await cli.door.call('GET', '/apps/shop')).toMatchObject({ status: 404 });
  expect(await cli.door.call('GET', `/app-setups/${id}`)).toMatchObject({
    status: 200,
    body: { status: 'failed', app: { name: 'shop' }, failure_message: matching(/shop was removed again/) },
  });
  const { otherToken: token } = cli.door.world;
  expect(await cli.door.call('GET', `/app-setups/${id}`, { token })).toMatchObject({ status: 404 });
}

function pushedBySomebody({
  id,
  appId,
  userId,
}: {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
}): void {
  cli.door.world.memory.builds.set(id, {
    ...{ id, appId, userId, push: null, upload: null, buildpacks: null, status: 'failed', attempt: 1 },
    ...{ failure: 'x', image: null, createdAt: new Date(), finishedAt: null, epoch: null },
  });
}

describe('gantry apps:setup', () => {
  it('sends a folder with what was asked for', async () => {
    const root = tree({ 'app.json': '{}', 'index.html': '' });
    const words = [
      '--name',
      'shop',
      '-e',
      'A=1',
      '-e',
      'B=x;y=z',
      '-b',
      'heroku/nodejs',
      '--no-wait',
      '--json',
    ];
    const done = await cli.gantry(['apps:setup', root, ...words]);
    expect(done).toMatchObject({ code: 0, err: matching(/Created shop\./) });
    expect(JSON.parse(done.out)).toMatchObject({ app: { name: 'shop' }, status: 'pending', build: null });
    expect(setup()?.order).toMatchObject({
      ...{ env: new Map(Object.entries({ A: '1', B: 'x;y=z' })), buildpacks: ['heroku/nodejs'] },
      source: { upload: { userId: cli.door.world.admin.userId } },
    });
  });

  it.each([
    'https://127.0.0.1/x.tgz',
    'https://2130706433/x',
    'https://localhost/x',
    'https://example.com:0/x',
  ])('makes no app of what can never be fetched: %s', async (url) => {
    const body = { source_blob: { url }, app: { name: 'shop' } };
    const answer = await cli.door.call('POST', '/app-setups', { body });
    expect(answer).toMatchObject({ status: 422, body: { id: 'egress_refused' } });
    expect(await cli.door.call('GET', '/apps/shop')).toMatchObject({ status: 404 });
  });

  it('names an address, which must be https', async () => {
    const words = ['--no-wait', '--checksum', `SHA256:${'a'.repeat(64)}`];
    const done = await cli.gantry(['setup', 'https://example.com/x.tgz', ...words]);
    expect(done, done.err).toMatchObject({ code: 0, out: matching(/^http:\/\/\S+\n$/) });
    expect(setup()?.order.source).toEqual({ url: 'https://example.com/x.tgz' });
    expect(await cli.gantry(['setup', 'http://example.com/x.tgz'])).toMatchObject({
      ...{ code: 1, err: matching(/source_blob\.url must begin with https:\/\//) },
    });
  });

  it('stays until it is decided, and tells what was wrong', async () => {
    const root = tree({ 'app.json': '{}' });
    const { settingUp } = cli.door.world.services;
    const timer = setInterval(() => void settingUp.takeUp(new AbortController().signal), 50);
    try {
      const done = await cli.gantry(['apps:setup', root, '--name', 'shop']);
      expect(done).toMatchObject({ code: 1, out: '', err: matching(/has no app\.json at its root/) });
      expect(done.err).toMatch(
        /shop was not set up.*shop was removed again, because nothing of it was ever built/s,
      );
      expect(done.err).not.toContain('apps:destroy');
      await readableByWhoBeganIt(setup()?.setup.id ?? '');
    } finally {
      clearInterval(timer);
    }
  });

  it('says that the app is there when there is something to look at', async () => {
    const root = tree({ 'app.json': '{}' });
    const { settingUp } = cli.door.world.services;
    const timer = setInterval(() => {
      const begun = setup()?.setup;
      if (begun) pushedBySomebody(begun);
      void settingUp.takeUp(new AbortController().signal);
    }, 50);
    try {
      const done = await cli.gantry(['apps:setup', root, '--name', 'shop']);
      expect(done).toMatchObject({ code: 1, err: matching(/gantry apps:destroy shop removes it/) });
    } finally {
      clearInterval(timer);
    }
  });

  it('does not begin without an app.json, or with a config var that is none', async () => {
    const root = tree({ 'index.html': '' });
    expect(await cli.gantry(['apps:setup', root])).toMatchObject({ code: 1, err: matching(/no app\.json/) });
    expect(await cli.gantry(['apps:setup', root, '-e', 'A'])).toMatchObject({
      code: 2,
      err: matching(/NAME=value/),
    });
    expect(setup()).toBeUndefined();
  });
});
