import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { herokuStory } from '../support/heroku-story.ts';

const patient = new AbortController().signal;

await herokuStory('the real heroku command: who one is, and what there is', ({ ann }) => {
  const app = 'herokuself';
  const on = ['-a', app];

  beforeAll(async () => {
    await ann.newApp(app, {});
  });

  it('says who one is, with what token, and whether there is a second factor', async () => {
    const [who, token, factor] = await Promise.all([
      ann.heroku(['auth:whoami']),
      ann.heroku(['auth:token']),
      ann.ok('auth:2fa'),
    ]);
    expect(who).toMatchObject({ code: 0, stdout: 'admin@localhost\n' });
    expect(token.stdout).toBe(`${ann.token}\n`);
    expect(factor).toContain('Two-factor authentication is not enabled');
  });

  it('turns away a token that is none', async () => {
    const other = { ...ann.env, HEROKU_API_KEY: 'not-one' };
    const { token, env } = ann;
    Object.assign(env, other);
    const { code, stderr } = await ann.heroku(['apps']);
    env['HEROKU_API_KEY'] = token;
    expect(code).not.toBe(0);
    expect(stderr).toContain('HEROKU_API_KEY is invalid');
  });

  it('adds, lists and removes SSH keys', async () => {
    const file = join(ann.dir, 'id');
    await runOrThrow(
      'ssh-keygen',
      ['-q', '-t', 'ed25519', '-N', '', '-C', 'heroku@test', '-f', file],
      {},
      patient,
    );
    expect(await ann.ok('keys:add', `${file}.pub`)).toContain('done');
    expect(await ann.ok('keys')).toContain('heroku@test');
    expect(await ann.json('keys')).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ comment: 'heroku@test' })]) as object,
    );
    expect(await ann.ok('keys:remove', 'heroku@test')).toContain('done');
    expect(await ann.ok('keys')).not.toContain('heroku@test');
  });

  it('makes, shows, renews and revokes tokens for programs', async () => {
    const made = (await ann.json('authorizations:create', '-d', 'for ci')) as {
      id: string;
      access_token: { token: string };
    };
    expect(made.access_token.token).not.toBe('');
    expect(await ann.ok('authorizations')).toContain('for ci');
    expect(await ann.ok('authorizations:info', made.id)).toContain('for ci');
    expect(await ann.ok('authorizations:update', made.id, '-d', 'for cd')).toContain('done');
    expect(await ann.ok('authorizations:rotate', made.id)).toContain('done');
    expect(await ann.ok('authorizations:revoke', made.id)).toContain('done');
    expect(await ann.ok('authorizations')).not.toContain(made.id);
  });

  it('lists sessions', async () => {
    expect((await ann.heroku(['sessions'])).code).toBe(0);
  });

  it('says what the platform has', async () => {
    const [regions, status, stacks] = await Promise.all([
      ann.ok('regions'),
      ann.ok('status'),
      ann.ok('apps:stacks', ...on),
    ]);
    expect(regions).toContain('local');
    expect(status).toContain('Apps: No known issues at this time');
    expect(stacks).toContain('gantry');
  });

  it('says that there are none of what the platform has not', async () => {
    const [addons, all, telemetry, clients] = await Promise.all([
      ann.ok('addons', ...on),
      ann.ok('addons', '--all'),
      ann.ok('telemetry', ...on),
      ann.ok('clients'),
    ]);
    expect(addons).toContain('No add-ons');
    expect(all).toContain('No add-ons');
    expect(telemetry).toContain('no telemetry drains');
    expect(clients).toContain('No OAuth clients');
    const [services, spaces] = await Promise.all([ann.heroku(['addons:services']), ann.heroku(['spaces'])]);
    expect(services.code).toBe(0);
    expect(spaces).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('access to any spaces') as string,
    });
  });

  it('refuses add-ons with what to do instead', async () => {
    const { code, stderr } = await ann.heroku(['addons:create', 'heroku-postgresql:mini', ...on]);
    expect(code).toBe(2);
    expect(stderr.replace(/[\s›]+/g, ' ')).toContain(
      'There are no add-ons on this platform; run the service elsewhere',
    );
  });

  it('does what needs no server', async () => {
    await writeFile(join(ann.dir, 'Procfile'), 'web: true\n');
    for (const args of [['help'], ['version:info'], ['local:version']])
      expect((await ann.heroku(args)).code, args.join(' ')).toBe(0);
  });
});
