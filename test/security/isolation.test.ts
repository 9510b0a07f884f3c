import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runOrThrow } from '../../lib/child.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type { AppPlace, FoundInstance } from '../../server/ports/engine.ts';
import { createHealth } from '../../server/adapters/health/health.ts';
import { newApp, specOf, startEngineRig, type EngineRig } from '../support/engine-rig.ts';
import { startOutside, type Outside } from '../support/outside.ts';

const never = new AbortController().signal;
const PORT = 5000;
/** Reserved for documentation: nobody else answers there. */
const INTERNET = '198.51.100.7';
const BUILD_ENGINE = '198.51.100.9';
const METADATA = '169.254.200.7';

let rig: EngineRig;
let image: BuiltImage;
let internet: Outside;
let buildEngine: Outside;
let server: Server;
let hostPort: number;
const app = { a: newApp(0), b: newApp(1), c: newApp(0) };
let a1: FoundInstance;
let a2: FoundInstance;
let b1: FoundInstance;
let c1: FoundInstance;

beforeAll(async () => {
  rig = await startEngineRig(never);
  image = await rig.image('tests/isolation');
  const other = rig.open({ platformId: `${rig.platformId.slice(0, 5)}z` });
  const serve = ['httpd', '-f', '-p', String(PORT), '-h', '/www'];
  const started = async (engine: typeof rig.engine, of: AppPlace, number: number): Promise<FoundInstance> => {
    await engine.prepare(of, image, rig.pullToken(image.repository), never);
    await engine.start(specOf(of, image, { number, argv: serve, port: PORT }), never);
    const found = (await engine.find(never)).find((i) => i.appId === of.id && i.number === number);
    if (found === undefined) throw new Error('not found');
    return found;
  };
  a1 = await started(rig.engine, app.a, 1);
  a2 = await started(rig.engine, app.a, 2);
  b1 = await started(rig.engine, app.b, 1);
  c1 = await started(other, app.c, 1);
  const id = rig.platformId;
  internet = await startOutside(
    {
      name: `gantry-test-${id}-net`,
      link: `tx${id}`,
      gateway: '198.51.100.1',
      addresses: [INTERNET, METADATA],
    },
    never,
  );
  buildEngine = await startOutside(
    { name: `gantry-test-${id}-eng`, link: `gt${id}h`, gateway: '198.51.100.2', addresses: [BUILD_ENGINE] },
    never,
  );
  server = createServer((socket) => socket.on('error', () => undefined).end('host'));
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  hostPort = (server.address() as AddressInfo).port;
  await rig.engine.isolate(never);
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await buildEngine[Symbol.asyncDispose]();
  await internet[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

/** Runs a program in a container and answers whether it ended well. */
async function inside(of: FoundInstance, argv: readonly string[]): Promise<boolean> {
  const exec = await rig.docker
    .getContainer(of.id)
    .exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  stream.resume();
  await new Promise((resolve) => stream.on('end', resolve));
  return (await exec.inspect()).ExitCode === 0;
}

const reaches = (from: FoundInstance, address: string | null, port: number): Promise<boolean> =>
  inside(from, ['nc', '-w', '2', address ?? '', String(port), '-e', 'true']);

/** The machine's own address on the network of an app. */
function gatewayOf(of: AppPlace): string {
  const own = networkInterfaces()[`gt${rig.platformId}n${of.network}`] ?? [];
  const address = own.find(({ family }) => family === 'IPv4')?.address;
  if (address === undefined) throw new Error('the network has no bridge');
  return address;
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

function hostConnects(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 2_000 });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('timeout', () => resolve(false));
    socket.on('close', () => undefined).once('connect', () => socket.destroy());
  });
}

describe('a container of an app', () => {
  it('reaches the other instances of its app, and the internet', async () => {
    expect(await reaches(a1, a2.address, PORT)).toBe(true);
    expect(await reaches(a2, a1.address, PORT)).toBe(true);
    expect(await reaches(a1, INTERNET, 80)).toBe(true);
  });

  it('is reached by the router and the health check of this machine', async () => {
    const target = { address: a1.address ?? '', port: PORT, path: '/', host: 'a.localhost' };
    expect(await createHealth().check(target, 2_000, never)).toEqual({ ready: true });
  });

  it('does not reach another app, of this platform or of another one', async () => {
    const pairs = [
      [a1, b1],
      [b1, a1],
      [a1, c1],
      [c1, a1],
    ] as const;
    const met = await Promise.all(pairs.map(([from, to]) => reaches(from, to.address, PORT)));
    expect(met).toEqual([false, false, false, false]);
  });

  it('does not reach anything that listens on this machine, by any of its addresses', async () => {
    const addresses = ownAddresses();
    expect(addresses).toContain(gatewayOf(app.a));
    expect(addresses).toContain(gatewayOf(app.b));
    // It does listen there.
    expect(await Promise.all(addresses.map((a) => hostConnects(a, hostPort)))).not.toContain(false);
    expect(await Promise.all(addresses.map((a) => reaches(a1, a, hostPort)))).not.toContain(true);
  });

  it('does not reach a container of the machine that is not an app', async () => {
    const stranger = await rig.docker.createContainer({
      name: `gantry-test-${rig.platformId}`,
      Image: `${rig.registry.address}/${image.repository}@${image.digest}`,
      Cmd: ['httpd', '-f', '-p', String(PORT), '-h', '/www'],
    });
    try {
      await stranger.start();
      const address = (await stranger.inspect()).NetworkSettings.Networks['bridge']?.IPAddress ?? '';
      await expect.poll(() => hostConnects(address, PORT)).toBe(true);
      expect(await reaches(a1, address, PORT)).toBe(false);
    } finally {
      await stranger.remove({ force: true });
    }
  });

  it('does not reach link-local addresses, where clouds keep their keys', async () => {
    expect(await hostConnects(METADATA, 80)).toBe(true);
    expect(await reaches(a1, METADATA, 80)).toBe(false);
  });

  it('has no IPv6 that would lead around the rules', async () => {
    const bridge = networkInterfaces()[`gt${rig.platformId}n0`] ?? [];
    for (const { family, address } of bridge)
      if (family === 'IPv6') expect(await reaches(a1, `${address}%eth0`, hostPort)).toBe(false);
    const rules = await runOrThrow('ip6tables', ['-w', '-S'], {}, never);
    expect(rules).toContain(`-A GANTRY-${rig.platformId.toUpperCase()}-IN -i gt${rig.platformId}n+ -j DROP`);
  });

  it('does not reach a build engine, nor is reached by it, even where a rule in front allows it', async () => {
    const link = `gt${rig.platformId}h`;
    const rules = [
      ['-i', link, '-j', 'ACCEPT'],
      ['-o', link, '-j', 'ACCEPT'],
    ];
    for (const rule of rules) await runOrThrow('iptables', ['-w', '-I', 'FORWARD', '1', ...rule], {}, never);
    try {
      // The rules are what makes the difference: with them in front and ours behind, both directions are open.
      expect(await reaches(a1, BUILD_ENGINE, 80)).toBe(true);
      expect(await buildEngine.reaches(a1.address ?? '', PORT, never)).toBe(true);
      await rig.engine.isolate(never);
      expect(await reaches(a1, BUILD_ENGINE, 80)).toBe(false);
      expect(await buildEngine.reaches(a1.address ?? '', PORT, never)).toBe(false);
    } finally {
      for (const rule of rules) await run('iptables', ['-w', '-D', 'FORWARD', ...rule], {}, never);
    }
  });
});

describe('the packet rules', () => {
  it('come back after somebody has flushed them', async () => {
    const chain = `GANTRY-${rig.platformId.toUpperCase()}-IN`;
    const gateway = gatewayOf(app.a);
    await runOrThrow('iptables', ['-w', '-F', chain], {}, never);
    expect(await reaches(a1, gateway, hostPort)).toBe(true);
    await rig.engine.isolate(never);
    expect(await reaches(a1, gateway, hostPort)).toBe(false);
    await runOrThrow('iptables', ['-w', '-D', 'INPUT', '-j', chain], {}, never);
    expect(await reaches(a1, gateway, hostPort)).toBe(true);
    await rig.engine.isolate(never);
    expect(await reaches(a1, gateway, hostPort)).toBe(false);
  });
});
