import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runOrThrow } from '../../lib/child.ts';
import {
  buildLink,
  ensureBuildNetwork,
  removeBuildNetwork,
  type BuildNetwork,
} from '../../supervisor/build-network.ts';
import { makeHome, type Home } from '../../supervisor/home.ts';
import { removePacketRules } from '../../supervisor/packet-rules.ts';

const patient = new AbortController().signal;
const ip = (...args: string[]): Promise<string> => runOrThrow('ip', args, {}, patient);

let home: Home;
let network: BuildNetwork;
let door: Server;
let other: Server;
/** Stands for a container of a build: behind the build engine's namespace, as its bridge is. */
let step: string;

const listen = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((visitor) => visitor.end());
    server.listen(0, '0.0.0.0', () => resolve(server));
  });
const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

const CONNECT = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port), timeout: 1500 });
socket.on('connect', () => { console.log('open'); socket.destroy(); });
socket.on('timeout', () => socket.destroy()).on('error', () => undefined);
`;
async function canReach(from: string, host: string, port: number): Promise<boolean> {
  const args = [`--net=/run/netns/${from}`, process.execPath, '-e', CONNECT, host, String(port)];
  return (await run('nsenter', args, {}, patient)).stdout.trim() === 'open';
}

beforeAll(async () => {
  home = await makeHome(await mkdtemp('/tmp/gtn-'));
  network = await buildLink(home, patient);
  [door, other] = await Promise.all([listen(), listen()]);
  await ensureBuildNetwork(home, network, portOf(door), patient);
  const inside = network.namespace;
  step = `gts-${home.id}`;
  await ip('netns', 'add', step);
  await ip('-n', inside, 'link', 'add', 'bridge0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', step);
  await ip('-n', inside, 'addr', 'add', '10.174.9.1/30', 'dev', 'bridge0');
  await ip('-n', inside, 'link', 'set', 'bridge0', 'up');
  await ip('-n', step, 'addr', 'add', '10.174.9.2/30', 'dev', 'eth0');
  await ip('-n', step, 'link', 'set', 'eth0', 'up');
  await ip('-n', step, 'route', 'add', 'default', 'via', '10.174.9.1');
  const within = [`--net=/run/netns/${inside}`];
  await runOrThrow('nsenter', [...within, 'tee', '/proc/sys/net/ipv4/ip_forward'], { input: '1' }, patient);
  const masquerade = [
    '-t',
    'nat',
    '-A',
    'POSTROUTING',
    '-s',
    '10.174.9.0/30',
    '!',
    '-o',
    'bridge0',
    '-j',
    'MASQUERADE',
  ];
  await runOrThrow('nsenter', [...within, 'iptables', '-w', ...masquerade], {}, patient);
});
afterAll(async () => {
  door.close();
  other.close();
  await run('ip', ['netns', 'delete', step], {}, patient);
  await removeBuildNetwork(home, patient);
  await removePacketRules(home.id, patient);
  await rm(home.root, { recursive: true });
  await rm(home.volatile, { recursive: true });
});

describe('the network of the build engine', () => {
  it('lets the engine itself reach the registry door', async () => {
    expect(await canReach(network.namespace, network.link.host, portOf(door))).toBe(true);
  });

  it('lets it reach nothing else of the machine, at whatever address', async () => {
    expect(await canReach(network.namespace, network.link.host, portOf(other))).toBe(false);
    const own = JSON.parse(await ip('-4', '-j', 'addr', 'show', 'scope', 'global')) as {
      ifname: string;
      addr_info: { local: string }[];
    }[];
    const addresses = own
      .filter((device) => device.ifname !== `gt${home.id}h`)
      .flatMap((device) => device.addr_info.map((info) => info.local));
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses.slice(0, 3)) {
      expect(await canReach(network.namespace, address, portOf(other))).toBe(false);
      expect(await canReach(network.namespace, address, portOf(door))).toBe(false);
    }
  });

  it('lets what runs in a build reach not even the door', async () => {
    expect(await canReach(step, network.link.host, portOf(door))).toBe(false);
    expect(await canReach(step, network.link.host, portOf(other))).toBe(false);
  });

  it('refuses the build by rule and not by a missing way: without the rule the way is open', async () => {
    const raw = [`--net=/run/netns/${network.namespace}`, 'iptables', '-w', '-t', 'raw'];
    await runOrThrow('nsenter', [...raw, '-F', 'gantry-builds'], {}, patient);
    expect(await canReach(step, network.link.host, portOf(door))).toBe(true);
    await ensureBuildNetwork(home, network, portOf(door), patient);
    expect(await canReach(step, network.link.host, portOf(door))).toBe(false);
  });

  it('is repaired, without being made anew, when its rules were flushed', async () => {
    await runOrThrow('iptables', ['-w', '-F', `gt${home.id}-input`], {}, patient);
    expect(await canReach(network.namespace, network.link.host, portOf(other))).toBe(true);
    await ensureBuildNetwork(home, network, portOf(door), patient);
    expect(await canReach(network.namespace, network.link.host, portOf(other))).toBe(false);
    expect(await canReach(network.namespace, network.link.host, portOf(door))).toBe(true);
    expect(await buildLink(home, patient)).toEqual(network);
  });

  it('gives two platforms different links', async () => {
    const second = await makeHome(await mkdtemp('/tmp/gtn-'));
    expect((await buildLink(second, patient)).link.subnet).not.toBe(network.link.subnet);
    await rm(second.root, { recursive: true });
    await rm(second.volatile, { recursive: true });
  });
});
