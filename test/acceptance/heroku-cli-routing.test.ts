import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { issue } from '../support/certificates.ts';
import { herokuStory } from '../support/heroku-story.ts';

await herokuStory('the real heroku command: domains, certificates, maintenance', ({ ann }) => {
  const app = 'herokuroutes';
  const on = ['-a', app];
  let crt: string;
  let key: string;

  beforeAll(async () => {
    await ann.newApp(app, {});
    const site = await issue({ names: ['www.heroku-routes.example'], subject: '/O=Example/CN=routes' });
    [crt, key] = [join(ann.dir, 'site.crt'), join(ann.dir, 'site.key')];
    await writeFile(crt, site.certificate);
    await writeFile(key, site.key);
  });

  it('adds, shows, waits for and removes domains', async () => {
    expect(await ann.ok('domains:add', 'www.heroku-routes.example', ...on)).toContain('done');
    expect(await ann.ok('domains:wait', 'www.heroku-routes.example', ...on)).toContain('done');
    const [listed, info] = await Promise.all([
      ann.json('domains', ...on),
      ann.ok('domains:info', 'www.heroku-routes.example', ...on),
    ]);
    // By id, which is drawn at random.
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual(expect.objectContaining({ kind: 'heroku' }));
    const added = { hostname: 'www.heroku-routes.example', status: 'succeeded' };
    expect(listed).toContainEqual(expect.objectContaining(added));
    expect(info).toContain('status: succeeded');
    expect(await ann.ok('domains', ...on)).toContain('www.heroku-routes.example');
    expect(await ann.ok('domains:remove', 'www.heroku-routes.example', ...on)).toContain('done');
    await ann.ok('domains:add', 'two.heroku-routes.example', ...on);
    expect(await ann.ok('domains:clear', ...on)).toContain('done');
    expect(await ann.json('domains', ...on)).toMatchObject([{ kind: 'heroku' }]);
  });

  it('adds, shows, ties to a domain, replaces and removes a certificate', async () => {
    expect(await ann.ok('certs:add', crt, key, ...on)).toContain('www.heroku-routes.example');
    const [endpoint] = (await ann.json('certs', ...on).catch(() => [])) as { name: string }[];
    const listed = await ann.ok('certs', ...on);
    expect(listed).toContain('www.heroku-routes.example');
    const name = endpoint?.name ?? /([a-z]+-[a-z]+-\d+)/.exec(listed)?.[1] ?? '';
    expect(await ann.ok('domains:add', 'www.heroku-routes.example', '--cert', name, ...on)).toContain('done');
    expect(await ann.ok('domains:update', 'www.heroku-routes.example', '--cert', name, ...on)).toContain(
      'done',
    );
    expect(await ann.ok('certs:info', ...on)).toContain('www.heroku-routes.example');
    expect(await ann.ok('certs:update', crt, key, '--confirm', app, ...on)).toContain('done');
    expect(await ann.ok('certs:auto', ...on)).toContain('disabled');
    await ann.ok('domains:clear', ...on);
    expect(await ann.ok('certs:remove', '--confirm', app, ...on)).toContain('done');
    expect(await ann.ok('certs', ...on)).toContain('has no SSL certificates');
  });

  it('makes a key and a certificate of its own', async () => {
    const { code } = await ann.heroku(['certs:generate', 'gen.example.com', '--now', '--selfsigned', ...on]);
    expect(code).toBe(0);
    expect(await ann.ok('certs:add', 'gen.example.com.crt', 'gen.example.com.key', ...on)).toContain(
      'gen.example.com',
    );
    await ann.ok('certs:remove', '--confirm', app, ...on);
  });

  it('switches certificates of the platform on, anew and off', async () => {
    expect(await ann.ok('certs:auto:enable', ...on)).toContain('Enabling Automatic Certificate Management');
    expect(await ann.ok('certs:auto:refresh', ...on)).toContain('done');
    expect(await ann.ok('certs:auto', ...on)).toContain('enabled');
    expect(await ann.ok('certs:auto:disable', '--confirm', app, ...on)).toContain('done');
  });

  it('puts an app into maintenance and back', async () => {
    expect(await ann.ok('maintenance', ...on)).toContain('off');
    expect(await ann.ok('maintenance:on', ...on)).toContain('done');
    expect(await ann.ok('maintenance', ...on)).toContain('on');
    expect(await ann.ok('maintenance:off', ...on)).toContain('done');
  });

  it('says what is wrong with a host or a certificate that cannot be', async () => {
    await writeFile(join(ann.dir, 'not.crt'), 'nothing of the kind\n');
    const [host, cert] = await Promise.all([
      ann.heroku(['domains:add', 'not_a..host', ...on]),
      ann.heroku(['certs:add', 'not.crt', key, ...on]),
    ]);
    for (const { code, stderr } of [host, cert]) {
      expect(code).not.toBe(0);
      expect(stderr).toContain('Error:');
      expect(stderr).not.toContain('HTTP Error');
    }
  });
});
