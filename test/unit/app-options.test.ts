import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const on = (...args: string[]) => cli.gantry([...args, '-a', 'demo']);
const call = (method: string, path: string, body?: unknown) =>
  cli.door.call(method, path, body === undefined ? {} : { body });

describe('buildpacks', () => {
  it('are chosen in an order, by name or address, and are the choice of the next build', async () => {
    const updates = [
      { buildpack: 'urn:buildpack:heroku/nodejs' },
      { buildpack: 'https://example.com/x.git#v1' },
    ];
    const put = await call('PUT', '/apps/demo/buildpack-installations', { updates });
    const expected = [
      { ordinal: 0, buildpack: { url: 'urn:buildpack:heroku/nodejs', name: 'heroku/nodejs' } },
      {
        ordinal: 1,
        buildpack: { url: 'https://example.com/x.git#v1', name: 'https://example.com/x.git#v1' },
      },
    ];
    expect([put.status, put.body]).toEqual([200, expected]);
    expect((await call('GET', '/apps/demo/buildpack-installations')).body).toEqual(expected);
  });

  it.each(['', 'x', '../x', 'http://example.com/x', 'https://', 'a/b/c', 'file:///etc/passwd', 'a b/c'])(
    'are not called %j',
    async (buildpack) => {
      const put = await call('PUT', '/apps/demo/buildpack-installations', { updates: [{ buildpack }] });
      expect([put.status, put.body]).toMatchObject([422, { id: 'invalid_params' }]);
      expect((await call('GET', '/apps/demo/buildpack-installations')).body).toEqual([]);
    },
  );

  it.each([
    [['heroku/ruby'], /^The buildpack heroku\/ruby is not one of this platform, which has .*\.$/],
    [['https://github.com/acme/pack.git'], /^The buildpack https:.*pack\.git is not one of this platform/],
    [
      ['heroku/nodejs', 'heroku/static'],
      /^2 buildpacks are chosen, and this version of Gantry builds with one/,
    ],
    [['heroku/nodejs'], undefined],
    [[], undefined],
  ])('are kept with a warning when no build could use them: %j', async (names, warning) => {
    const updates = names.map((buildpack) => ({ buildpack }));
    const put = await call('PUT', '/apps/demo/buildpack-installations', { updates });
    expect([put.status, (put.body as unknown[]).length]).toEqual([200, names.length]);
    const said = put.headers['warning-message'];
    expect(said).toEqual(warning && matching(warning));
  });

  it('are searched for as the registry of the Platform API is', async () => {
    const names = async (query: string) =>
      ((await call('GET', `/buildpacks${query}`)).body as { full_name: string }[]).map(
        (one) => one.full_name,
      );
    expect(await names('')).toEqual(['gantry/nodejs', 'gantry/static']);
    expect(await names('?in[namespace][]=gantry')).toHaveLength(2);
    expect(await names('?in[name][]=static')).toEqual(['gantry/static']);
    expect(await names('?like[description]=node')).toEqual(['gantry/nodejs']);
    expect(await names('?in[namespace][]=ruby')).toEqual([]);
  });

  it('are shown by their names here and elsewhere; what is not here is not found', async () => {
    for (const name of ['heroku%2Fnodejs', 'gantry%2Fnodejs'])
      expect((await call('GET', `/buildpacks/${name}`)).body).toMatchObject({ full_name: 'gantry/nodejs' });
    expect((await call('GET', '/buildpacks/heroku%2Fnodejs/revisions')).body).toMatchObject([{ version: 1 }]);
    const readme = await call('GET', '/buildpacks/heroku%2Fnodejs/readme');
    // The heroku command decodes it by what this says.
    expect(readme).toMatchObject({ status: 200, body: { encoding: 'base64' } });
    for (const path of ['', '/revisions', '/readme'])
      expect((await call('GET', `/buildpacks/heroku%2Fcobol${path}`)).status).toBe(404);
  });

  it('of Heroku that are not here are known, so that they can be chosen, and are said not to be here', async () => {
    const { status, body } = await call('GET', '/buildpacks/heroku%2Fruby');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        full_name: 'heroku/ruby',
        blob_url: 'urn:buildpack:heroku/ruby',
        description: matching(/not on this/),
      },
    });
    expect((await call('GET', '/buildpacks/heroku%2Fruby/revisions')).body).toEqual([]);
    expect((await call('GET', '/buildpacks/heroku%2Fruby/readme')).status).toBe(200);
  });

  it('are added, replaced and removed on the command line', async () => {
    expect(await on('buildpacks')).toMatchObject({ out: '', err: matching(/none chosen/) });
    await on('buildpacks:add', 'heroku/static');
    expect((await on('buildpacks:add', 'heroku/nodejs', '-i', '1')).err).toContain(
      'uses heroku/nodejs, then heroku/static',
    );
    expect(await on('buildpacks:add', 'heroku/nodejs')).toMatchObject({ code: 1 });
    const doubtful = await on('buildpacks:set', 'nope/nope', '-i', '2', '--json');
    expect(doubtful.err).toContain('Warning: The buildpack nope/nope is not one of this platform');
    await on('buildpacks:set', 'heroku/static', '-i', '2');
    await on('buildpacks:set', 'gantry/nodejs');
    expect((await on('buildpacks')).out).toBe('gantry/nodejs\nheroku/static\n');
    await on('buildpacks:remove', 'heroku/static');
    expect((await on('buildpacks')).out).toBe('gantry/nodejs\n');
    expect(await on('buildpacks:remove', 'heroku/static')).toMatchObject({ code: 1 });
    await on('buildpacks:clear');
    expect((await on('buildpacks', '--json')).out).toBe('[]\n');
    expect((await cli.gantry(['buildpacks:search', 'static'])).out).toMatch(/^gantry\/static/);
    expect((await cli.gantry(['buildpacks:info', 'heroku/nodejs'])).out).toContain('npm ci');
    expect((await cli.gantry(['buildpacks:versions', 'heroku/nodejs'])).out).toMatch(/^1 /);
  });
});

describe('features', () => {
  it('say which are on for good', async () => {
    const { body } = await call('GET', '/apps/demo/features');
    expect(body).toMatchObject([
      { name: 'http-session-affinity', enabled: false },
      { name: 'preboot', enabled: true, state: 'general' },
      { name: 'runtime-dyno-metadata', enabled: false },
      { name: 'runtime-heroku-exec', enabled: true },
    ]);
    const refused = await call('PATCH', '/apps/demo/features/preboot', { enabled: false });
    expect([refused.status, refused.body]).toMatchObject([422, { id: 'feature_fixed' }]);
    expect((await call('PATCH', '/apps/demo/features/preboot', { enabled: true })).status).toBe(200);
    expect((await call('GET', '/apps/demo/features/none')).status).toBe(404);
  });

  it('are switched on the command line, also by their older name', async () => {
    expect(await on('labs:enable', 'runtime-dyno-metadata')).toMatchObject({
      code: 0,
      err: matching(/is on/),
    });
    expect((await on('features')).out).toMatch(/\[\+\] +runtime-dyno-metadata/);
    // Each says by itself from when on it counts; this one does so at once.
    expect((await on('features:enable', 'http-session-affinity')).err).toBe(
      'http-session-affinity is on for demo.\n',
    );
    expect((await on('features:info', 'runtime-dyno-metadata')).out).toMatch(/Enabled +true/);
    await on('features:disable', 'runtime-dyno-metadata');
    expect((await on('labs')).out).toMatch(/\[ \] +runtime-dyno-metadata/);
  });

  it('and a buildpack that the heroku command did not find is asked for by name', async () => {
    const put = await cli.door.call('PUT', '/apps/demo/buildpack-installations', { body: { updates: [{}] } });
    expect(put).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
    expect(put.text).toContain('must name a buildpack of this platform');
  });

  it('and buildpacks are chosen by those who may', async () => {
    const token = cli.door.world.otherToken;
    for (const [method, path, body] of [
      ['GET', '/apps/demo/features', undefined],
      ['PATCH', '/apps/demo/features/preboot', { enabled: true }],
      ['GET', '/apps/demo/buildpack-installations', undefined],
      ['PUT', '/apps/demo/buildpack-installations', { updates: [] }],
    ] as const)
      expect(await cli.door.call(method, path, { body, token })).toMatchObject({ status: 404 });
  });
});
