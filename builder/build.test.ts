import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { buildsRig, DOCKERFILE, linesOf } from '../test/support/builds-rig.ts';
import { DIGEST } from '../test/support/fake-build-engine.ts';
import { StepError } from './engine.ts';

const createRig = buildsRig();

/** The names in a build context, in their order. */
async function namesIn(context: Readable): Promise<string[]> {
  const names: string[] = [];
  const tar = extract();
  context.pipe(tar);
  for await (const entry of tar) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
}

describe('a build from a Dockerfile', () => {
  it('does not fail because the registry does not say how large the image is', async () => {
    const rig = createRig();
    rig.stored.bytes = new Error('the registry would not show it');
    const events = await rig.run(DOCKERFILE);
    expect(linesOf(events).at(-1)).toBe('       Done');
    expect(events.at(-1)).toMatchObject({ kind: 'built', image: { digest: DIGEST, storedBytes: null } });
  });

  it('is told step by step, and ends with the image that was pushed', async () => {
    const rig = createRig();
    const events = await rig.run({
      ...DOCKERFILE,
      'app.json': '{"healthchecks":{"web":[{"path":"/up"}]}}',
    });
    expect(linesOf(events)).toEqual([
      '-----> Building from the Dockerfile',
      '-----> Discovering process types',
      '       Procfile declares types     -> web, clock',
      '-----> Compressing...',
      '       Done: 12.3M',
    ]);
    expect(events.flatMap((event) => (event.kind === 'stage' ? [event.name] : []))).toEqual([
      ...['detect', 'build', 'push'],
    ]);
    expect(events.at(-1)).toEqual({
      kind: 'built',
      image: {
        ...{ repository: 'apps/one', digest: DIGEST, storedBytes: 12_340_000, builder: 'dockerfile' },
        port: 8080,
        processes: {
          web: { command: 'node a.js', argv: ['/bin/sh', '-c', 'exec node a.js'] },
          clock: { command: 'sleep 1', argv: ['/bin/sh', '-c', 'exec sleep 1'] },
        },
        checks: { web: '/up' },
      },
    });
    expect(rig.lent).toEqual(['apps/one']);
    expect(rig.weighed).toEqual([`apps/one@${DIGEST} with secret token`]);
  });

  it('says what in its source is not used', async () => {
    const rig = createRig();
    const lines = linesOf(await rig.run({ ...DOCKERFILE, Procfile: 'web: a\nnonsense\n' }));
    expect(lines[0]).toMatch(/^ ! {5}Procfile line 2 is ignored/);
  });

  it('has the start of the image when nobody says another', async () => {
    const rig = createRig();
    const events = await rig.run({ Dockerfile: 'FROM node:22\n' });
    expect(linesOf(events)).toContain('       The image declares          -> web');
    expect(events.at(-1)).toMatchObject({ image: { processes: { web: { argv: null } } } });
  });

  it('is given nothing of the config of the app, and the cache of its own tenant', async () => {
    const rig = createRig();
    await rig.run(DOCKERFILE);
    expect(rig.engine.builds).toMatchObject([
      { dockerfile: 'Dockerfile', args: { BUILDKIT_CACHE_MOUNT_NS: 'tenant.3' }, secrets: new Map() },
    ]);
  });

  it('waits for the stack only when it is built on it', async () => {
    const rig = createRig();
    await rig.run(DOCKERFILE);
    expect(rig.stackAsked).toEqual([]);
    expect(linesOf(await rig.run({ Dockerfile: 'FROM gantry/stack\n' }))).toContain('the stack is there');
  });

  it('is pushed under a name that nobody can guess, with the token it was given, and leaves nothing', async () => {
    const rig = createRig();
    await rig.run(DOCKERFILE);
    await rig.run(DOCKERFILE);
    const tags = rig.engine.builds.map(({ tag }) => tag);
    for (const tag of tags) {
      expect(tag).toMatch(/^10\.9\.8\.7:7001\/apps\/one:b-[0-9a-f]{32}$/);
      expect(rig.engine.calls).toContain(`push ${tag} with secret token`);
      expect(rig.engine.calls).toContain(`remove ${tag}`);
    }
    expect(new Set(tags).size).toBe(2);
    expect(rig.engine.images.size).toBe(0);
    expect(new Set(rig.engine.builds.map(({ id }) => id)).size).toBe(2);
  });

  it('has its cache looked through after the first of many', async () => {
    const rig = createRig();
    for (let nth = 0; nth < 3; nth += 1) await rig.run(DOCKERFILE);
    expect(rig.engine.calls.filter((call) => call === 'prune 777')).toHaveLength(1);
  });

  it('counts as running, for its repository, until it is over', async () => {
    const rig = createRig();
    const seen: unknown[] = [];
    rig.engine.goes.build = () =>
      Promise.resolve(void seen.push(rig.builds.running(), rig.pushes.busy('apps/one')));
    await rig.run(DOCKERFILE);
    expect([...seen, rig.builds.running(), rig.pushes.busy('apps/one')]).toEqual([1, true, 0, false]);
  });
});

describe('a build by buildpacks', () => {
  const gantryFolder = (files: Readonly<Record<string, string>>) => () =>
    Promise.resolve(new Map(Object.entries(files)));

  it('takes what they say of the image, and the config as a secret of the step [S-SEC-07]', async () => {
    const rig = createRig();
    rig.engine.goes.readFolder = gantryFolder({
      buildpack: 'nodejs',
      'release.yml': 'default_process_types:\n  web: npm start\n',
    });
    const events = await rig.run({ 'package.json': '{}' });
    expect(linesOf(events)).toEqual([
      '-----> Determining which buildpack to use for this app',
      'the stack is there',
      '-----> Discovering process types',
      '       Procfile declares types     -> (none)',
      '       Default types for buildpack -> web',
      '-----> Compressing...',
      '       Done: 12.3M',
    ]);
    expect(events.at(-1)).toMatchObject({
      image: {
        builder: 'nodejs',
        processes: { web: { command: 'npm start', argv: ['/usr/local/bin/gantry-start', 'npm start'] } },
      },
    });
    const [call] = rig.engine.builds;
    expect(call?.args['STACK']).toBe('gantry/stack:abc');
    expect(JSON.stringify(call?.args)).not.toContain('value');
    expect(call?.secrets.get('env')?.toString()).toBe('GANTRY\x001\0KEY\0value\0');
    expect(call?.secrets.get('settings')?.toString().split('\0')).toEqual(
      expect.arrayContaining(['npm_config_registry', 'https://npm.example/', 'SOURCE_VERSION', 'abcdef0']),
    );
  });

  it('happens beside a Dockerfile too when one was chosen, and only with one that there is', async () => {
    const rig = createRig();
    rig.engine.goes.readFolder = gantryFolder({ buildpack: 'static', 'release.yml': '' });
    const events = await rig.run(DOCKERFILE, { buildpack: 'static' });
    expect(events.at(-1)).toMatchObject({ kind: 'built', image: { builder: 'static' } });
    expect(await rig.run(DOCKERFILE, { buildpack: 'cobol' })).toMatchObject([
      { kind: 'stage', name: 'detect' },
      { kind: 'failed', id: 'no_buildpack', retry: false },
    ]);
  });

  it('that fails names the kind of app they took it for', async () => {
    const rig = createRig();
    rig.engine.goes.build = (_, onTrace) => {
      const bytes = Buffer.from('-----> Node.js app detected\nnpm ERR! half a line');
      onTrace({ vertexes: [], logs: [{ vertex: 'v', stream: 1, bytes }] });
      return Promise.reject(new StepError('process "x" did not complete successfully: exit code: 82'));
    };
    const events = await rig.run({ 'package.json': '{}' });
    expect(linesOf(events)).toContain('npm ERR! half a line');
    expect(events.at(-1)).toMatchObject({
      ...{ kind: 'failed', id: 'compile_failed', message: 'Push rejected, failed to compile Node.js app.' },
    });
  });

  it('shows no value of the config it was given, neither in its output nor in why it failed [S-SEC-07]', async () => {
    const rig = createRig();
    const key = ['-----BEGIN KEY-----', 'MIIEvQIBADANBg', '-----END KEY-----'].join('\n');
    const env = { TOKEN: 'hunter2-hunter2', KEY: key };
    rig.engine.goes.build = (_, onTrace) => {
      const bytes = Buffer.from(`TOKEN=${env.TOKEN}\nKEY=${env.KEY}\n`);
      for (let at = 0; at < bytes.length; at += 7)
        // as a pipe may cut it
        onTrace({ vertexes: [], logs: [{ vertex: 'v', stream: 1, bytes: bytes.subarray(at, at + 7) }] });
      return Promise.reject(new StepError(`it said ${env.TOKEN}`));
    };
    const events = await rig.run({ 'package.json': '{}' }, { env });
    expect(linesOf(events).slice(-4)).toEqual(['TOKEN=[secret]', 'KEY=[secret]', '[secret]', '[secret]']);
    expect(events.at(-1)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('it said [secret]') as unknown,
    });
    // A Dockerfile is given nothing of it, but may have it in itself.
    const copied = await rig.run({ Dockerfile: `FROM x\nRUN echo ${env.TOKEN}\n` }, { env });
    expect(linesOf(copied)).toContain('       TOKEN=[secret]');
    expect(JSON.stringify([events, copied])).not.toMatch(/hunter2|MIIE/);
  });

  it('sends the source below a folder of its own, after the driver and the packs that may apply', async () => {
    const rig = createRig();
    rig.engine.goes.readFolder = gantryFolder({ buildpack: 'nodejs', 'release.yml': '' });
    const sent: string[][] = [];
    rig.engine.goes.build = async ({ context }) => void sent.push(await namesIn(context));
    await rig.run({ 'package.json': '{}', 'src/a.js': '' });
    await rig.run({ 'package.json': '{}' }, { buildpack: 'nodejs' });
    expect(sent).toEqual([
      [
        ...['Dockerfile', 'layers', 'layers/runtime', 'layers/deps', 'build'],
        ...['gantry/driver', 'gantry/driver/build', 'gantry/packs/nodejs', 'gantry/packs/nodejs/detect'],
        ...['gantry/packs/static', 'gantry/packs/static/detect', 'build/package.json', 'build/src/a.js'],
      ],
      [
        ...['Dockerfile', 'layers', 'layers/runtime', 'layers/deps', 'build'],
        ...['gantry/driver', 'gantry/driver/build', 'gantry/packs/nodejs', 'gantry/packs/nodejs/detect'],
        'build/package.json',
      ],
    ]);
  });
});
