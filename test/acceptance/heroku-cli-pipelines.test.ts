import { beforeAll, expect, it } from 'vitest';
import { herokuStory } from '../support/heroku-story.ts';
import { visit } from '../support/person.ts';
import { staticSite } from '../support/samples.ts';

await herokuStory('the real heroku command: pipelines', ({ ann, place }) => {
  const [staging, live] = ['herokupipe-staging', 'herokupipe'];

  beforeAll(async () => {
    const repo = await ann.newApp(staging, staticSite('promoted'));
    await ann.newApp(live, staticSite('never pushed'));
    const pushed = await ann.git(repo, 'push', 'heroku', 'main');
    if (pushed.code !== 0) throw new Error(pushed.stderr);
  });

  it('makes one with an app, and puts another one in', async () => {
    const made = await ann.heroku(['pipelines:create', 'hpipe', '-s', 'staging', '-a', staging]);
    expect(made, made.stderr).toEqual(expect.objectContaining({ code: 0 }));
    expect((await ann.heroku(['pipelines:add', 'hpipe', '-s', 'production', '-a', live])).code).toBe(0);
    expect(await ann.ok('pipelines')).toContain('hpipe');
    const info = await ann.ok('pipelines:info', 'hpipe', '--with-owners');
    expect(info).toContain('admin@localhost');
    expect(info).toMatch(new RegExp(`${staging} +.*staging`));
    expect(info).toMatch(new RegExp(`${live} +.*production`));
  });

  it('shows the pipeline with the app', async () => {
    const shown = await ann.heroku(['apps:info', '-a', staging, '--extended']);
    expect(shown.code, shown.stderr).toBe(0);
    expect(await ann.ok('apps:info', '-a', staging)).toMatch(/hpipe.*staging/);
  });

  it('promotes what one app runs to the other, and says so', async () => {
    const done = await ann.heroku(['pipelines:promote', '-a', staging]);
    expect(done, done.stdout + done.stderr).toEqual(expect.objectContaining({ code: 0 }));
    expect(done.stdout).toContain('Promotion successful');
    expect(done.stdout).not.toContain('release command'); // it has none
    expect(done.stdout).toMatch(new RegExp(`${live}: +succeeded`));
    expect(await ann.ok('releases', '-a', live)).toMatch(/Promote herokupipe-staging v\d+/);
    expect((await visit(place.httpPort, `${live}.localhost`)).body).toContain('promoted');
  });

  it('says which apps there are not, and that nothing comes after production', async () => {
    const wrong = await ann.heroku(['pipelines:promote', '-a', staging, '--to', 'nope']);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('Cannot find app');
    expect((await ann.heroku(['pipelines:promote', '-a', live])).code).not.toBe(0);
  });

  it('compares until it asks for GitHub, which is not here', async () => {
    const compared = await ann.heroku(['pipelines:diff', '-a', staging]);
    expect(compared.code).toBe(2);
    expect(compared.stderr).toContain('connected to GitHub');
  });

  it('moves an app, renames the pipeline, gives it to oneself, and takes it all apart', async () => {
    expect((await ann.heroku(['pipelines:update', '-s', 'development', '-a', staging])).code).toBe(0);
    expect((await ann.heroku(['pipelines:rename', 'hpipe', 'npipe'])).code).toBe(0);
    const given = await ann.heroku(['pipelines:transfer', 'admin@localhost', '-p', 'npipe', '-c', 'npipe']);
    expect(given, given.stderr).toEqual(expect.objectContaining({ code: 0 }));
    expect((await ann.heroku(['pipelines:remove', '-a', staging])).code).toBe(0);
    expect(await ann.ok('pipelines:info', 'npipe')).not.toContain(staging);
    expect((await ann.heroku(['pipelines:destroy', 'npipe'])).code).toBe(0);
    expect(await ann.ok('pipelines')).not.toContain('npipe');
  });
});
