import { beforeAll, expect, it } from 'vitest';
import { herokuStory } from '../support/heroku-story.ts';

await herokuStory('the real heroku command: what apps are told, built with and shared by', ({ ann }) => {
  const app = 'herokushared';
  const on = ['-a', app];

  beforeAll(async () => {
    await ann.newApp(app, {});
  });

  it('orders buildpacks', async () => {
    expect(await ann.ok('buildpacks:add', 'heroku/nodejs', ...on)).toContain('Buildpack added');
    await ann.ok('buildpacks:add', '-i', '1', 'https://github.com/acme/two.git', ...on);
    expect(await ann.ok('buildpacks', ...on)).toMatch(
      /1\. https:\/\/github.com\/acme\/two\.git 2\. heroku\/nodejs/,
    );
    await ann.ok('buildpacks:set', 'https://github.com/acme/three.git', ...on);
    expect(await ann.ok('buildpacks:remove', 'https://github.com/acme/three.git', ...on)).toContain(
      'removed',
    );
    const ruby = await ann.heroku(['buildpacks:add', 'heroku/ruby', ...on]);
    expect(ruby).toMatchObject({ code: 0 });
    expect(ruby.stderr).toContain('The buildpack heroku/ruby is not one of this platform');
    expect(await ann.ok('buildpacks:clear', ...on)).toContain('cleared');
    expect(await ann.ok('buildpacks', ...on)).toContain('has no Buildpack');
  });

  it('knows the buildpacks of the platform', async () => {
    expect(await ann.ok('buildpacks:search', 'nodejs')).toContain('nodejs');
    expect(await ann.ok('buildpacks:info', 'heroku/nodejs')).toContain('nodejs');
    expect((await ann.heroku(['buildpacks:versions', 'heroku/nodejs'])).code).toBe(0);
  });

  it('switches features', async () => {
    expect(await ann.ok('features', ...on)).toContain('preboot');
    expect(await ann.ok('features:info', 'preboot', ...on)).toContain('preboot');
    expect(await ann.ok('features:enable', 'runtime-dyno-metadata', ...on)).toContain('done');
    expect(await ann.ok('features:disable', 'runtime-dyno-metadata', ...on)).toContain('done');
    expect(await ann.ok('features:enable', 'http-session-affinity', ...on)).toContain('done');
    expect(await ann.ok('features', ...on)).toMatch(/\[\+\] http-session-affinity/);
    expect(await ann.ok('features:disable', 'http-session-affinity', ...on)).toContain('done');
    expect((await ann.heroku(['labs', ...on])).code).toBe(0);
    expect(await ann.ok('labs:info', 'runtime-dyno-metadata', ...on)).toContain('runtime-dyno-metadata');
  });

  it('tells webhooks', async () => {
    const url = 'https://hooks.example.com/h';
    expect(await ann.ok('webhooks:add', '-i', 'api:release', '-l', 'notify', '-u', url, ...on)).toContain(
      'done',
    );
    const [hook] = (await ann.json('webhooks', ...on).catch(() => [])) as { id: string }[];
    const listed = await ann.ok('webhooks', ...on);
    expect(listed).toContain(url);
    const id = hook?.id ?? /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(listed)?.[0] ?? '';
    expect(await ann.ok('webhooks:info', id, ...on)).toContain(url);
    expect(await ann.ok('webhooks:update', id, '-i', 'api:build', '-l', 'sync', '-u', url, ...on)).toContain(
      'done',
    );
    expect((await ann.heroku(['webhooks:deliveries', ...on])).code).toBe(0);
    expect((await ann.heroku(['webhooks:events', ...on])).code).toBe(0);
    expect(await ann.ok('webhooks:remove', id, ...on)).toContain('done');
  });

  it('shares an app', async () => {
    expect(await ann.ok('access', ...on)).toContain('admin@localhost owner');
    const added = await ann.heroku(['access:add', 'nobody-yet@example.com', ...on]);
    expect(added.stderr).not.toContain('HTTP Error');
    if (added.code === 0) {
      expect(await ann.ok('access', ...on)).toContain('nobody-yet@example.com');
      expect(await ann.ok('access:remove', 'nobody-yet@example.com', ...on)).toContain('done');
    }
  });

  it('lists teams', async () => {
    for (const args of [['teams'], ['orgs']]) expect((await ann.heroku(args)).code, args.join(' ')).toBe(0);
    expect((await ann.heroku(['members', '-t', 'no-such-team'])).stderr).toContain("Couldn't find that");
  });
});
