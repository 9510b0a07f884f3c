import { describe, expect, it } from 'vitest';
import type { BuildRequest } from './contract.ts';
import type { Entry } from './entry.ts';
import { buildpackPlan, dockerfilePlan, type BuildpackDeps } from './plan.ts';

const REQUEST: BuildRequest = {
  ...{ id: 'build-1', cacheKey: 'tenant', archive: '/sources/1.tar', env: { KEY: 'value' }, buildpack: null },
  ...{ sourceVersion: 'abcdef0', limits: { seconds: 60, outputBytes: 1024, outputLines: 100 } },
  target: { repository: 'apps/one', token: 'token' },
};
const DEPS: BuildpackDeps = {
  ...{ folder: '/packs', stack: 'gantry/stack:abc', settings: {}, cache: 'tenant.1' },
  salt: Buffer.from('of this process'),
};
const planOf = (request: Partial<BuildRequest> = {}, deps: Partial<BuildpackDeps> = {}) =>
  buildpackPlan({ ...REQUEST, ...request }, { ...DEPS, ...deps });
const entry = (path: string): Entry => ({
  path,
  kind: 'file',
  size: 0,
  executable: false,
  mtime: new Date(0),
  target: '',
});
const valuesOf = (secret: Buffer | undefined): Record<string, string> => {
  const words = secret?.toString().split('\0') ?? [];
  expect(words.pop(), 'it ends with a zero').toBe('');
  return Object.fromEntries(words.flatMap((word, n) => (n % 2 === 0 ? [[word, words[n + 1] ?? '']] : [])));
};

describe('the plan of a source with a Dockerfile', () => {
  const plan = dockerfilePlan(
    REQUEST,
    { text: 'FROM scratch', stack: false, ignored: (path) => path.startsWith('node_modules') },
    'tenant.1',
  );

  it('sends the source as it is, but for what is ignored and the Dockerfile that was checked', () => {
    const placing = plan.context.archive?.placing;
    expect(plan.context.archive?.path).toBe('/sources/1.tar');
    expect(placing?.path(entry('src/a.js'))).toBe('src/a.js');
    expect(placing?.path(entry('node_modules/x'))).toBeNull();
    expect([...(placing?.replace ?? [])]).toEqual([['Dockerfile', 'FROM scratch']]);
    expect(placing?.owner).toBe(0);
  });

  it('has no config of the app, and caches of its tenant only', () => {
    expect(plan.secrets.size).toBe(0);
    expect(plan.args).toEqual({ BUILDKIT_CACHE_MOUNT_NS: 'tenant.1' });
  });
});

describe('the plan for buildpacks', () => {
  it('asks all of them in their order, or the one that was chosen', () => {
    const dockerfile = (request: Partial<BuildRequest>) => planOf(request).context.files.get('Dockerfile');
    expect(dockerfile({})).toContain('["/gantry/driver/build","nodejs","static"]');
    expect(dockerfile({ buildpack: 'static' })).toContain('["/gantry/driver/build","static"]');
    expect([...planOf({ buildpack: 'static' }).context.folders]).toEqual([
      ['gantry/driver', '/packs/driver'],
      ['gantry/packs/static', '/packs/static'],
    ]);
  });

  it('builds and starts as somebody who is not root, and keeps config where no layer does', () => {
    const { context } = planOf({ buildpack: 'static' });
    expect(context.files.get('Dockerfile')?.split('\n')).toEqual([
      'ARG STACK',
      'FROM ${STACK} AS build',
      'COPY gantry /gantry',
      'COPY --chown=1000:1000 layers /layers',
      'COPY --chown=1000:1000 build /build',
      'ARG GANTRY_BUILD',
      'USER 1000:1000',
      'RUN --mount=type=cache,id=buildpack,target=/cache,uid=1000,gid=1000,sharing=locked' +
        ' --mount=type=tmpfs,target=/env' +
        ' --mount=type=secret,id=env,target=/run/secrets/env,uid=1000,required' +
        ' --mount=type=secret,id=settings,target=/run/secrets/settings,uid=1000,required' +
        ' ["/gantry/driver/build","static"]',
      'FROM ${STACK}',
      'COPY --from=build --chown=1000:1000 /layers/runtime /app',
      'COPY --from=build --chown=1000:1000 /layers/deps /app',
      'COPY --from=build --chown=1000:1000 /build /app',
      'USER 1000:1000',
      'ENV HOME=/app',
      'CMD ["/usr/local/bin/gantry-start", "bash"]',
      '',
    ]);
  });

  it('has the source in a folder of its own, which there is even when the source is empty', () => {
    const { context, dockerfile } = planOf();
    expect(dockerfile).toBe('Dockerfile');
    expect(context.directories).toEqual(['layers', 'layers/runtime', 'layers/deps', 'build']);
    expect(context.archive?.placing.path(entry('a/b'))).toBe('build/a/b');
    expect(context.archive?.placing.owner).toBe(1000);
  });

  it('hands over config vars by name and value, without those that no file or variable can hold', () => {
    const env = { _A1: 'x=y\n\'"', A: '', '1A': 'n', 'A-B': 'n', 'A/../B': 'n', '': 'n', Z: 'null\0byte' };
    expect(valuesOf(planOf({ env }).secrets.get('env'))).toEqual({ GANTRY: '1', _A1: 'x=y\n\'"', A: '' });
    expect(valuesOf(planOf({ env: {} }).secrets.get('env')), 'never empty').toEqual({ GANTRY: '1' });
  });

  it('says which source and build it is, whatever the settings of the machine are', () => {
    const settings = { npm_config_registry: 'https://npm.example/', STACK: 'other', SOURCE_VERSION: 'other' };
    expect(valuesOf(planOf({}, { settings }).secrets.get('settings'))).toEqual({
      ...{ GANTRY: '1', npm_config_registry: 'https://npm.example/', STACK: 'gantry' },
      ...{ SOURCE_VERSION: 'abcdef0', REQUEST_ID: 'build-1' },
    });
  });

  it('is another build for other config and for another tenant, and the same for another commit', () => {
    const key = (request: Partial<BuildRequest> = {}, deps: Partial<BuildpackDeps> = {}) =>
      planOf(request, deps).args['GANTRY_BUILD'];
    expect(key()).toMatch(/^[0-9a-f]{64}$/);
    expect(key({ sourceVersion: '1234567', id: 'build-2' })).toBe(key());
    const others = [
      ...[key({ env: { KEY: 'other' } }), key({ env: {} }), key({}, { cache: 'tenant.2' })],
      key({}, { salt: Buffer.from('of another process') }),
      key({ env: { KEY: 'value', GANTRY: '2' } }),
    ];
    expect(new Set([key(), ...others]).size).toBe(6);
  });

  it('names the stack and the cache of the tenant', () => {
    expect(planOf().args).toMatchObject({ STACK: 'gantry/stack:abc', BUILDKIT_CACHE_MOUNT_NS: 'tenant.1' });
  });
});
