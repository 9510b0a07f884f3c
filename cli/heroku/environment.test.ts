import { expect, it } from 'vitest';
import { herokuEnvironment } from './environment.ts';

const WORLD = {
  home: '/data/home',
  gitConfig: '/data/home/.gitconfig',
  bin: '/data/bin',
  url: 'http://127.0.0.1:5000',
  nonce: 'nonce',
  gitHost: 'api.example.com',
  execUrl: 'https://api.example.com/',
  caFile: '/data/ca.pem',
  app: 'demo',
};

it('leads everything that can be led to the forwarder, and nothing to anybody else', () => {
  const env = herokuEnvironment({ PATH: '/bin', LANG: 'C' }, WORLD);
  const addresses = Object.entries(env).filter(([, value]) => /https?:\/\//.test(value ?? ''));
  expect(addresses.map(([name]) => name).sort()).toEqual([
    'HEROKU_ANALYTICS_URL',
    'HEROKU_BUILDPACK_REGISTRY_URL',
    'HEROKU_EXEC_URL',
    'HEROKU_HOST',
    'HEROKU_LOGIN_HOST',
    'HEROKU_PARTICLEBOARD_URL',
    'HEROKU_STATUS_HOST',
    'PGDIAGNOSE_URL',
  ]);
  for (const [, value] of addresses)
    expect(value).toMatch(/^(?:http:\/\/127\.0\.0\.1:5000|https:\/\/api\.example\.com\/$)/);
  expect(env).toMatchObject({
    PATH: '/data/bin:/bin',
    LANG: 'C',
    HEROKU_API_KEY: 'nonce',
    HEROKU_GIT_HOST: 'api.example.com',
    HEROKU_DATA_HOST: '127.0.0.1',
    HEROKU_APP: 'demo',
    DISABLE_TELEMETRY: 'true',
    HEROKU_SKIP_NEW_VERSION_CHECK: '1',
    HEROKU_DISABLE_AUTOUPDATE: '1',
    HOME: '/data/home',
    XDG_CACHE_HOME: '/data/home/.cache',
    XDG_DATA_HOME: '/data/home/.local/share',
    XDG_CONFIG_HOME: '/data/home/.config',
    GIT_CONFIG_GLOBAL: '/data/home/.gitconfig',
    NODE_EXTRA_CA_CERTS: '/data/ca.pem',
  });
});

it('takes over no setting that would lead it elsewhere', () => {
  const env = herokuEnvironment(
    {
      HEROKU_HEADERS: '{"x":"y"}',
      HEROKU_CLOUD: 'staging',
      HEROKU_ORGANIZATION: 'theirs',
      HTTP_PROXY: 'http://proxy',
      https_proxy: 'http://proxy',
      ALL_PROXY: 'http://proxy',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'credential.helper',
      GIT_CONFIG_VALUE_0: '!evil',
      TRUST_ONLY: '1',
    },
    { ...WORLD, caFile: undefined, app: undefined },
  );
  expect(
    Object.keys(env).filter((name) => /proxy|HEADERS|CLOUD|ORG|COUNT|_0$|TRUST|CA_CERTS|_APP$/i.test(name)),
  ).toEqual([]);
});
