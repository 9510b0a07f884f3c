import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { herokuStory } from '../support/heroku-story.ts';
import { visit } from '../support/person.ts';
import { staticSite } from '../support/samples.ts';

await herokuStory('the real heroku command: apps, config vars, git, releases', ({ ann, place }) => {
  const app = 'herokuapps';
  let repo: string;

  beforeAll(async () => {
    repo = await ann.newApp(app, staticSite('first'));
  });

  it('git push heroku main deploys over HTTPS, with the token and the authority it was given', async () => {
    expect((await ann.git(repo, 'remote', '-v')).stdout).toContain(
      `https://localhost:${place.httpsPort}/${app}.git (push)`,
    );
    const pushed = await ann.git(repo, 'push', 'heroku', 'main');
    expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
    expect(pushed.stderr).toContain('remote:        Released v2');
    expect((await visit(place.httpPort, `${app}.localhost`)).body).toContain('first');
  });

  it('git:clone brings back what was pushed', async () => {
    expect((await ann.heroku(['git:clone', '-a', app, 'clone'])).code).toBe(0);
    expect(await readFile(join(ann.dir, 'clone', 'index.html'), 'utf8')).toContain('first');
  });

  it('the remote says which app is meant', async () => {
    const { code, stdout } = await ann.heroku(['apps:info', '--shell'], { cwd: repo });
    expect(code).toBe(0);
    expect(stdout).toContain(`git_url=`);
    expect(stdout).toContain('stack=gantry');
    expect(stdout).toContain('dynos={ web: 1 }');
  });

  it('lists apps and shows one', async () => {
    const [list, all, info, json, stacks] = [
      await ann.ok('apps'),
      await ann.ok('apps', '--all'),
      await ann.ok('apps:info', '-a', app),
      await ann.json('apps:info', '-a', app),
      await ann.ok('apps:stacks', '-a', app),
    ];
    expect(list).toContain(`${app} (local)`);
    expect(all).toContain(app);
    expect(info).toContain(`=== ${app}`);
    expect(info).toContain('Dynos: web: 1');
    expect(info).toMatch(/Repo Size: +\d+ KB/);
    expect(info).toMatch(/Slug Size: +\d+ MB/);
    expect(json).toMatchObject({ app: { name: app }, addons: [], dynos: [{ type: 'web', state: 'up' }] });
    expect(stacks).toContain('* gantry');
  });

  it('makes, renames and destroys apps; a wrong name as confirmation destroys nothing', async () => {
    expect(await ann.json('apps:create', 'herokutwo', '--no-remote')).toMatchObject({ name: 'herokutwo' });
    const taken = await ann.heroku(['apps:create', 'herokutwo', '--no-remote']);
    expect(taken.code).toBe(2);
    expect(taken.stderr.replace(/[\s›]+/g, ' ')).toContain('Name herokutwo is already taken');
    expect((await ann.heroku(['apps:destroy', '-a', 'herokutwo', '--confirm', 'other'])).code).not.toBe(0);
    expect(await ann.ok('apps:rename', 'herokuthree', '-a', 'herokutwo')).toContain('done');
    expect(await ann.ok('apps:destroy', '-a', 'herokuthree', '--confirm', 'herokuthree')).toContain('done');
    const gone = await ann.heroku(['apps:info', '-a', 'herokuthree']);
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain("Couldn't find that app");
  });

  it('makes up a name for an app that was given none', async () => {
    const made = (await ann.json('apps:create', '--no-remote')) as { name: string };
    expect(made.name).toMatch(/^[a-z][a-z0-9-]+$/);
    await ann.ok('apps:destroy', '-a', made.name, '--confirm', made.name);
  });

  it('sets, shows, edits and removes config vars, each in a release of its own', async () => {
    expect(await ann.ok('config:set', 'FOO=bar', 'X=a b', '-a', app)).toMatch(/done, v3/);
    expect(await ann.json('config', '-a', app)).toEqual({ FOO: 'bar', X: 'a b' });
    expect(await ann.ok('config', '-a', app, '--shell')).toContain("X='a b'");
    expect((await ann.heroku(['config:get', 'FOO', '-a', app])).stdout).toBe('bar\n');
    const editor = join(ann.dir, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nsed -i s/bar/edited/ "$1"\n', { mode: 0o755 });
    ann.env['EDITOR'] = editor;
    await ann.heroku(['config:edit', '-a', app], { input: 'y\n' });
    expect((await ann.heroku(['config:get', 'FOO', '-a', app])).stdout).toBe('edited\n');
    expect(await ann.ok('config:unset', 'FOO', 'X', '-a', app)).toMatch(/done, v5/);
    expect(await ann.json('config', '-a', app)).toEqual({});
  });

  it('lists releases, newest first and as many as are asked for, and shows what one was', async () => {
    const releases = (await ann.json('releases', '-a', app, '-n', '2')) as { version: number }[];
    expect(releases.map(({ version }) => version)).toEqual([5, 4]);
    expect(await ann.ok('releases', '-a', app)).toContain('Current: v5');
    expect(await ann.ok('releases:info', 'v3', '-a', app)).toMatch(
      /Release v3.*Set FOO, X config vars.*FOO: bar/,
    );
    expect(await ann.ok('releases:info', '-a', app)).toContain('Release v5');
    expect(await ann.ok('releases:output', '-a', app)).toContain('v5 has no release output');
  });

  it('releases:retry makes a release again of what was deployed, where the Procfile has a release command', async () => {
    const without = await ann.heroku(['releases:retry', '-a', app]);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('release-phase') as unknown });
    const own = 'herokuretry';
    const source = await ann.newApp(own, { ...staticSite('again'), Procfile: 'release: echo migrated\n' });
    expect((await ann.git(source, 'push', 'heroku', 'main')).code).toBe(0);
    expect(await ann.ok('releases:retry', '-a', own)).toContain(own);
    await ann.ok('ps:wait', '-a', own);
    const [newest] = (await ann.json('releases', '-a', own, '-n', '1')) as object[];
    expect(newest).toMatchObject({ version: 3, status: 'succeeded', current: true });
    await ann.ok('apps:destroy', '-a', own, '--confirm', own);
  });

  it('rolls back to a release that is named, and to the one before', async () => {
    const back = await ann.ok('rollback', 'v3', '-a', app);
    expect(back).toMatch(/Rolling back .*to v3.*done, v6/);
    expect(back).not.toContain('release command'); // it has none
    await ann.ok('ps:wait', '-a', app);
    expect(await ann.json('config', '-a', app)).toEqual({ FOO: 'bar', X: 'a b' });
    expect(await ann.ok('releases:rollback', '-a', app)).toMatch(/done, v7/);
    expect((await visit(place.httpPort, `${app}.localhost`)).body).toContain('first');
  });

  it('refuses a push that cannot be built, and git says so', async () => {
    await writeFile(join(repo, 'Dockerfile'), 'FROM nothing-of-that-name\n');
    await ann.git(repo, 'add', '-A');
    await ann.git(repo, 'commit', '-q', '-m', 'broken');
    const pushed = await ann.git(repo, 'push', 'heroku', 'main');
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('pre-receive hook declined');
    expect((await visit(place.httpPort, `${app}.localhost`)).body).toContain('first');
  });
});
