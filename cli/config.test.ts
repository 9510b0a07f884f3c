import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { UsageError } from './failures.ts';

const read = (env: NodeJS.ProcessEnv, platform = 'linux') =>
  readConfig({ HOME: '/home/me', ...env }, platform);

describe('what the environment says', () => {
  it('is the usual, when it says nothing', () => {
    expect(read({})).toEqual({
      apiUrl: undefined,
      apiKey: undefined,
      app: undefined,
      credentialsFile: '/home/me/.config/gantry/credentials.json',
      adminTokenFile: '/var/lib/gantry/admin-token',
      localUrl: 'http://127.0.0.1:7000',
      sshDirectory: '/home/me/.ssh',
      browser: undefined,
      editor: null,
      home: '/home/me',
      dataDirectory: '/home/me/.local/share/gantry',
      gitConfigFiles: ['/home/me/.config/git/config', '/home/me/.gitconfig'],
      caFile: undefined,
      localCaFile: '/var/lib/gantry/ca.pem',
      gitHost: undefined,
      execPort: 7003,
      httpsPort: '8443',
      inherited: { HOME: '/home/me' },
    });
  });

  it('counts as nothing when it is empty', () => {
    const names = [
      'GANTRY_API_URL',
      'GANTRY_API_KEY',
      'GANTRY_APP',
      'GANTRY_HOME',
      'GANTRY_API_PORT',
      'XDG_CONFIG_HOME',
    ];
    const { inherited } = read({});
    expect({ ...read(Object.fromEntries(names.map((name) => [name, '']))), inherited }).toEqual(read({}));
  });

  it('moves the places it names', () => {
    const config = read({
      XDG_CONFIG_HOME: '/conf',
      GANTRY_HOME: '/srv/g',
      GANTRY_API_PORT: '7070',
      GANTRY_APP: 'demo',
    });
    expect(config).toMatchObject({
      credentialsFile: '/conf/gantry/credentials.json',
      adminTokenFile: '/srv/g/admin-token',
      localUrl: 'http://127.0.0.1:7070',
      app: 'demo',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it.each([
    [{ GANTRY_API_URL: 'api.example.com' }, 'GANTRY_API_URL must be a URL such as http://127.0.0.1:7000.'],
    [{ GANTRY_API_URL: 'ftp://x' }, 'GANTRY_API_URL must be a URL such as http://127.0.0.1:7000.'],
    [{ GANTRY_API_PORT: '0' }, 'GANTRY_API_PORT must be a port number.'],
    [{ GANTRY_API_PORT: '70:00@evil' }, 'GANTRY_API_PORT must be a port number.'],
  ])('is refused when it cannot be: %j', (env, says) => {
    expect(() => read(env)).toThrow(new UsageError(says));
  });
});

describe('a browser', () => {
  it.each([
    ['darwin', {}, 'open'],
    ['linux', {}, undefined],
    ['linux', { DISPLAY: ':0' }, 'xdg-open'],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, 'xdg-open'],
    ['linux', { BROWSER: 'firefox' }, 'firefox'],
  ])('on %s with %j is %s', (platform, env, browser) => {
    expect(read(env, platform).browser).toBe(browser);
  });
});
