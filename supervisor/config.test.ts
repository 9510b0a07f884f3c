import { expect, it } from 'vitest';
import { inheritedEnvironment, readSettings } from './config.ts';

it('has a default for everything that need not be given', () => {
  expect(readSettings({})).toMatchObject({
    GANTRY_HOME: '/var/lib/gantry',
    GANTRY_DOMAIN: 'localhost',
    GANTRY_HTTP_PORT: 8080,
    GANTRY_HTTPS_PORT: 8443,
    GANTRY_SSH_PORT: 2222,
    GANTRY_API_PORT: 7000,
  });
});

it('takes an empty variable for an unset one', () => {
  expect(readSettings({ GANTRY_HTTP_PORT: '', DATABASE_URL: '' })).toMatchObject({ GANTRY_HTTP_PORT: 8080 });
  expect(readSettings({ DATABASE_URL: '' }).DATABASE_URL).toBeUndefined();
});

it('takes an empty CA bundle and an empty command link at their word', () => {
  expect(readSettings({ GANTRY_CA_BUNDLE: '', GANTRY_COMMAND_LINK: '' })).toMatchObject({
    GANTRY_CA_BUNDLE: '',
    GANTRY_COMMAND_LINK: '',
  });
});

it.each([
  ['GANTRY_HTTP_PORT', '0'],
  ['GANTRY_HTTP_PORT', 'http'],
  ['GANTRY_HOME', 'relative/path'],
  ['GANTRY_HOME', '/has space'],
  ['GANTRY_HOME', '/'],
  ['GANTRY_HOME', '/srv/../etc'],
  ['GANTRY_HOME', `/${'x'.repeat(61)}`],
  ['GANTRY_DOMAIN', 'Upper.example'],
  ['GANTRY_DOMAIN', 'a b'],
  ['DOCKER_HOST', 'tcp://127.0.0.1:2375'],
  ['DATABASE_URL', 'mysql://x'],
  ['GANTRY_LOG_LEVEL', 'loud'],
])('refuses %s=%s and names the setting', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(
    new RegExp(`^The setting ${name} is wrong \\(.+\\); correct it`),
  );
});

it.each([
  ['GANTRY_HTTP_PORT', 'http', 'must be a number'],
  ['GANTRY_SSH_PORT', '70000', 'must be at most 65535'],
  ['GANTRY_LOG_LEVEL', 'loud', 'must be one of trace, debug, info, warn, error'],
])('says in words why %s cannot be %s', (name, value, says) => {
  expect(() => readSettings({ [name]: value })).toThrow(`The setting ${name} is wrong (${says}); correct it`);
});

it('lets only the way to the outside through to the programs', () => {
  const kept = inheritedEnvironment({
    HTTPS_PROXY: 'http://proxy:3128',
    LD_PRELOAD: '/evil.so',
    GANTRY_HOME: '/x',
    TZ: '',
  });
  expect(kept).toEqual({ HTTPS_PROXY: 'http://proxy:3128' });
});
