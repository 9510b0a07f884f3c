import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/secret.ts';
import type { InstanceSpec } from '../../ports/engine.ts';
import { claimOf } from './container.ts';
import { containerOptions } from './container-spec.ts';
import { bridgeName, containerName, hostName, identityOf, networkName } from './names.ts';

const spec: InstanceSpec = {
  app: { id: '1b4e28ba-2fa1-11d2-883f-0016d3cca427', name: 'hello', network: 35 },
  seq: 3,
  release: 5,
  type: 'web',
  number: 1,
  attempt: 0,
  image: {
    repository: 'apps/hello',
    digest: 'sha256:00',
    storedBytes: 0,
    builder: 'nodejs',
    processes: {},
    port: null,
    checks: {},
  },
  argv: null,
  config: new Map([
    ['GREETING', new Secret('hi there')],
    ['PORT', new Secret('1')],
  ]),
  platformEnv: new Map([['PORT', '5000']]),
  port: 5000,
  size: { memoryMb: 512, cpus: 1, pids: 256 },
};
const optionsOf = (change: Partial<InstanceSpec> = {}): ReturnType<typeof containerOptions> =>
  containerOptions('abc123', '127.0.0.1:7001/apps/hello@sha256:00', { ...spec, ...change });

describe('the container of an instance', () => {
  it('is limited and has nothing of the machine', () => {
    expect(optionsOf().HostConfig).toMatchObject({
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      NanoCpus: 1e9,
      PidsLimit: 256,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      PublishAllPorts: false,
      Init: true,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    });
    const words = JSON.stringify(optionsOf());
    for (const open of ['Binds', 'Mounts', 'PortBindings', 'Devices', 'PidMode', 'docker.sock', 'NET_RAW'])
      expect(words).not.toContain(open);
  });

  it('sees the config, but what the platform says wins', () => {
    expect(optionsOf().Env).toEqual(['GREETING=hi there', 'PORT=5000']);
  });

  it('runs the image as it is without a command, and nothing but the command with one', () => {
    expect(optionsOf()).not.toHaveProperty('Entrypoint');
    expect(optionsOf({ argv: ['node', 'a b.js'] })).toMatchObject({
      Entrypoint: ['node', 'a b.js'],
      Cmd: [],
    });
  });

  it('says in its labels what it is, and the name agrees', () => {
    const written = optionsOf({ port: null, type: 'my_Worker' });
    expect(claimOf('abc123', `/${written.name ?? ''}`, written.Labels ?? {})).toEqual({
      appId: spec.app.id,
      appName: 'hello',
      seq: 3,
      release: 5,
      type: 'my_Worker',
      number: 1,
      attempt: 0,
      port: null,
    });
  });
});

describe('whose a container is', () => {
  const { name = '', Labels = {} } = optionsOf();

  it('is told by labels and name together', () => {
    expect(claimOf('abc123', `/${name}`, Labels)).toBeDefined();
    expect(claimOf('abc123', '/eager_lovelace', Labels)).toBeUndefined();
    expect(claimOf('xyz789', `/${name}`, Labels)).toBeUndefined();
    expect(claimOf('abc123', `/${name}`, { ...Labels, 'gantry.number': '2' })).toBeUndefined();
    expect(claimOf('abc123', `/${name}`, { ...Labels, 'gantry.seq': 'NaN' })).toBeUndefined();
    expect(claimOf('abc123', undefined, {})).toBeUndefined();
  });
});

describe('names', () => {
  it('differ wherever instances differ', () => {
    const identity = fc.record({
      appId: fc.uuid(),
      appName: fc.stringMatching(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/),
      seq: fc.nat(30),
      type: fc.stringMatching(/^[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,5}[a-zA-Z0-9])?$/),
      number: fc.nat(30),
      attempt: fc.nat(30),
    });
    fc.assert(
      fc.property(identity, fc.nat(30), fc.nat(30), (a, number, attempt) => {
        const b = { ...a, number, attempt };
        const same = number === a.number && attempt === a.attempt;
        expect(containerName('abc123', a) === containerName('abc123', b)).toBe(same);
        expect(containerName('abc123', a)).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
      }),
    );
  });

  it('are those that a person finds in the list of containers', () => {
    expect(containerName('abc123', identityOf(spec))).toBe('gantry-abc123-hello-1b4e28ba-d3-web-1-0');
    expect(networkName('abc123', spec.app.id)).toBe('gantry-abc123-1b4e28ba-2fa1-11d2-883f-0016d3cca427');
    expect(bridgeName('abc123', 35)).toBe('gtabc123nz');
    expect(bridgeName('abc123', 36 ** 6 - 1)).toHaveLength(15);
    expect(hostName('My_Worker', 12)).toBe('my-worker-12');
  });
});
