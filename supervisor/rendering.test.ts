import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { insideRules, outsideRules } from './build-network.ts';
import { addressesOf } from './context.ts';
import { readSettings } from './config.ts';
import { wordsOf } from './part-log.ts';
import { buildEngineConfig } from './parts/build-engine.ts';
import { engineConfig } from './parts/engine.ts';
import { registryConfig } from './parts/registry.ts';
import { withoutPassword } from './supervise.ts';
import { environmentFile, renderUnit } from './systemd.ts';

const link = { subnet: '10.175.0.4/30', host: '10.175.0.5', builds: '10.175.0.6' };
const home = {
  id: 'abc123',
  root: '/g',
  run: '/g/run',
  logs: '/g/logs',
  secrets: '/g/secrets',
  volatile: '/run/gantry-abc123',
};

describe('the rules around builds', () => {
  const names = {
    outside: 'gtabc123h',
    forward: 'gtabc123-forward',
    input: 'gtabc123-input',
    nat: 'gtabc123-nat',
  };
  const rules = outsideRules(names, link, 7001).split('\n');

  it('let one port of the machine in, for the engine’s own address, and end in a refusal', () => {
    const input = rules.filter((rule) => rule.startsWith('-A gtabc123-input'));
    expect(input[0]).toBe(
      '-A gtabc123-input -i gtabc123h -s 10.175.0.6 -d 10.175.0.5 -p tcp --dport 7001 -j ACCEPT',
    );
    expect(input.at(-1)).toBe('-A gtabc123-input -i gtabc123h -j DROP');
    expect(input.filter((rule) => rule.includes('--dport'))).toHaveLength(1);
  });

  it('refuse every neighbour before they let anything out', () => {
    const forward = rules.filter((rule) => rule.startsWith('-A gtabc123-forward -i'));
    const open = forward.findIndex((rule) => rule.endsWith('ACCEPT'));
    expect(forward.slice(0, open).map((rule) => /-o (\S+)|-d (\S+)/.exec(rule)?.[0])).toEqual([
      '-o docker0',
      '-o br-+',
      '-o gt+',
      '-o veth+',
      '-d 169.254.0.0/16',
    ]);
    expect(forward.at(-1)).toBe('-A gtabc123-forward -i gtabc123h -j DROP');
  });

  it('keep what runs in a build from the machine even at the open port', () => {
    expect(insideRules({ inside: 'gtabc123n' }, link)).toContain(
      '-A gantry-builds ! -i gtabc123n -d 10.175.0.5/32 -j DROP',
    );
  });
});

describe('configuration of the parts', () => {
  it('gives our own engine live-restore, capped logs and room for many networks', () => {
    const config: unknown = JSON.parse(
      engineConfig({ data: '/d', state: '/s', pidFile: '/p', pool: '10.192.0.0/12' }),
    );
    expect(config).toMatchObject({
      'live-restore': true,
      'userland-proxy': false,
      icc: false,
      'log-opts': { 'max-size': '10m' },
      'default-address-pools': [{ base: '10.192.0.0/12', size: 24 }],
    });
  });

  it('lets the build engine speak plain HTTP to the registry door and to nothing else', () => {
    const places = {
      data: '/d',
      state: '/s',
      pidFile: '/p',
      address: 'unix:///b.sock',
      registry: '10.175.0.5:7001',
      dns: [],
      cacheGb: 2.5,
    };
    expect(JSON.parse(buildEngineConfig(places))).toMatchObject({
      builder: { gc: { enabled: true, defaultKeepStorage: '2560MB' } },
      'insecure-registries': ['10.175.0.5:7001'],
      hosts: ['unix:///b.sock'],
      group: 'root',
    });
  });

  it('puts the registry on loopback behind our tokens', () => {
    const config: unknown = JSON.parse(
      registryConfig({ blobs: '/b', certificate: '/c.pem', port: 7001, apiPort: 7000, uploadSecret: 's' }),
    );
    expect(config).toMatchObject({
      http: { addr: '127.0.0.1:7001' },
      auth: {
        token: {
          issuer: 'gantry',
          service: 'gantry-registry',
          realm: 'http://127.0.0.1:7000/registry/token',
        },
      },
      storage: { delete: { enabled: true }, maintenance: { uploadpurging: { age: '1h' } } },
    });
  });

  it('writes given settings for systemd so that quotes in them stay quotes', () => {
    const file = environmentFile({
      GANTRY_DOMAIN: 'apps.example',
      DATABASE_URL: 'postgresql://a:"b\\@h/d',
      PATH: '/bin',
    });
    expect(file).toBe('GANTRY_DOMAIN="apps.example"\nDATABASE_URL="postgresql://a:\\"b\\\\@h/d"\n');
  });

  it('fills every place of the unit', () => {
    const template = readFileSync(join(import.meta.dirname, 'gantry.service'), 'utf8');
    const unit = renderUnit(template, {
      node: '/usr/bin/node',
      main: '/g/main.js',
      environment: '/g/settings.env',
    });
    expect(unit).toContain('ExecStart=/usr/bin/node /g/main.js supervise\n');
    expect(unit).not.toMatch(/@[A-Z]+@/);
  });
});

describe('where the parts are', () => {
  it('uses what is given and the managed child for the rest', () => {
    const given = addressesOf(home, readSettings({ DATABASE_URL: 'postgresql://db/x' }), link);
    expect(given).toMatchObject({
      database: 'postgresql://db/x',
      redis: 'unix:///g/run/redis/redis.sock',
      registry: '127.0.0.1:7001',
      buildRegistry: '10.175.0.5:7001',
    });
  });

  it('asks a given build engine to reach a given registry by its own address', () => {
    const settings = readSettings({
      GANTRY_REGISTRY: 'reg.example:443',
      GANTRY_BUILD_DOCKER_HOST: 'unix:///b.sock',
    });
    expect(addressesOf(home, settings, link).buildRegistry).toBe('reg.example:443');
  });
});

it('never shows the password of an address', () => {
  expect(withoutPassword('postgresql://user:hunter2@db:5432/x')).toBe('postgresql://db:5432/x');
  expect(withoutPassword('unix:///run/redis.sock')).toBe('unix:///run/redis.sock');
});

it.each([
  [
    '{"level":60,"msg":"server could not start","err":{"message":"no room"}}',
    'server could not start: no room',
  ],
  ['plain words ', 'plain words'],
  ['{"half', '{"half'],
])('makes a sentence of a last line', (line, words) => {
  expect(wordsOf(line)).toBe(words);
});
