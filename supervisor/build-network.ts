import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run, runOrThrow, type Finished } from '../lib/child.ts';
import { parseBlock } from '../lib/ipv4.ts';
import { chooseLink, type Link } from './addresses.ts';
import { bareEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { exists, writeAtomically, type Home } from './home.ts';
import { routedBlocks } from './routes.ts';

/**
 * The network of the build engine: a namespace of its own, joined to the machine by a pair of interfaces.
 *
 * Builds run other people's code. From here they reach the outside, and nothing on this machine: not its
 * services, not the apps, not another platform's builds. The one thing let in is the builder's registry door,
 * and that for the engine itself only, not for what runs inside a build.
 */
export interface BuildNetwork {
  readonly namespace: string;
  readonly link: Link;
}

const options = { env: bareEnvironment() };
const namesOf = (home: Home): Names => ({
  namespace: `gantry-${home.id}`,
  outside: `gt${home.id}h`,
  inside: `gt${home.id}n`,
  forward: `gt${home.id}-forward`,
  input: `gt${home.id}-input`,
  nat: `gt${home.id}-nat`,
});
interface Names {
  readonly namespace: string;
  readonly outside: string;
  readonly inside: string;
  readonly forward: string;
  readonly input: string;
  readonly nat: string;
}

const storedLink = z.object({ subnet: z.string(), host: z.ipv4(), builds: z.ipv4() });

/** The addresses of this platform's link: chosen once, free of what the machine routes at that time, then kept. */
export async function buildLink(home: Home, signal: AbortSignal): Promise<BuildNetwork> {
  const names = namesOf(home);
  const file = join(home.root, 'build-link.json');
  if (await exists(file)) {
    return { namespace: names.namespace, link: storedLink.parse(JSON.parse(await readFile(file, 'utf8'))) };
  }
  const taken = await routedBlocks((device) => device === names.outside, signal);
  const link = chooseLink(home.id, taken);
  if (!link) throw setupErrors.of('no_free_network', {});
  await writeAtomically(file, JSON.stringify(link), 0o644);
  return { namespace: names.namespace, link };
}

/** Makes namespace, interfaces and rules, or repairs what is missing of them. Idempotent; does not disturb builds that run. */
export async function ensureBuildNetwork(
  home: Home,
  network: BuildNetwork,
  doorPort: number,
  signal: AbortSignal,
): Promise<void> {
  const names = namesOf(home);
  if (!(await isComplete(names, network.link, signal))) {
    await removeInterfaces(names, signal);
    await makeInterfaces(names, network.link, signal);
  }
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  await restoreRules([], outsideRules(names, network.link, doorPort), signal);
  await jump([], ['filter', 'FORWARD', names.forward], signal);
  await jump([], ['filter', 'INPUT', names.input], signal);
  await jump([], ['nat', 'POSTROUTING', names.nat], signal);
  const inside = ['nsenter', `--net=/run/netns/${names.namespace}`];
  await restoreRules(inside, insideRules(names, network.link), signal);
  await jump(inside, ['raw', 'PREROUTING', 'gantry-builds'], signal);
}

/** Removes namespace and interfaces; the rules go with all others of the platform. Idempotent. */
export function removeBuildNetwork(home: Home, signal: AbortSignal): Promise<void> {
  return removeInterfaces(namesOf(home), signal);
}

const addresses = z.array(z.object({ addr_info: z.array(z.object({ local: z.string() })).optional() }));

async function isComplete(names: Names, link: Link, signal: AbortSignal): Promise<boolean> {
  const shown = await run('ip', ['-4', '-j', 'addr', 'show', 'dev', names.outside], options, signal);
  if (shown.code !== 0) return false;
  const ours = addresses
    .parse(JSON.parse(shown.stdout))
    .some((device) => device.addr_info?.some((info) => info.local === link.host));
  // The default route inside is made last: where it is, everything before it is.
  const inside = await run(
    'ip',
    ['-n', names.namespace, '-4', 'route', 'show', 'default', 'via', link.host],
    options,
    signal,
  );
  return ours && inside.code === 0 && inside.stdout.includes('default');
}

async function removeInterfaces(names: Names, signal: AbortSignal): Promise<void> {
  await run('ip', ['link', 'delete', names.outside], options, signal); // takes its other end with it
  await run('ip', ['netns', 'delete', names.namespace], options, signal);
}

async function makeInterfaces(names: Names, link: Link, signal: AbortSignal): Promise<void> {
  const ip = (...args: string[]) => runOrThrow('ip', args, options, signal);
  await ip('netns', 'add', names.namespace);
  await ip(
    'link',
    'add',
    names.outside,
    'type',
    'veth',
    'peer',
    'name',
    names.inside,
    'netns',
    names.namespace,
  );
  // IPv6 has no rules here, so it has no addresses either: a link-local one would lead around them.
  if (await exists(`/proc/sys/net/ipv6/conf/${names.outside}/disable_ipv6`)) {
    await writeFile(`/proc/sys/net/ipv6/conf/${names.outside}/disable_ipv6`, '1');
  }
  await ip('addr', 'add', `${link.host}/30`, 'dev', names.outside);
  await ip('link', 'set', names.outside, 'up');
  await ip('-n', names.namespace, 'link', 'set', 'lo', 'up');
  await ip('-n', names.namespace, 'addr', 'add', `${link.builds}/30`, 'dev', names.inside);
  await ip('-n', names.namespace, 'link', 'set', names.inside, 'up');
  await ip('-n', names.namespace, 'route', 'add', 'default', 'via', link.host);
}

/** The machine's side, as iptables-restore reads it. Chains are ours alone; each is replaced whole. */
export function outsideRules(
  names: Pick<Names, 'outside' | 'forward' | 'input' | 'nat'>,
  link: Link,
  doorPort: number,
): string {
  if (!parseBlock(link.subnet)) throw new Error(`${link.subnet} is not a subnet`);
  const { outside, forward, input, nat } = names;
  // Interfaces behind which apps and other platforms' builds are.
  const neighbours = ['docker0', 'br-+', 'gt+', 'veth+'];
  return [
    '*filter',
    `:${forward} - [0:0]`,
    ...neighbours.map((device) => `-A ${forward} -i ${outside} -o ${device} -j DROP`),
    `-A ${forward} -i ${outside} -d 169.254.0.0/16 -j DROP`, // the cloud's metadata service
    `-A ${forward} -i ${outside} -s ${link.subnet} -j ACCEPT`,
    `-A ${forward} -i ${outside} -j DROP`,
    `-A ${forward} -o ${outside} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A ${forward} -o ${outside} -j DROP`,
    `:${input} - [0:0]`,
    `-A ${input} -i ${outside} -s ${link.builds} -d ${link.host} -p tcp --dport ${doorPort} -j ACCEPT`,
    `-A ${input} -i ${outside} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A ${input} -i ${outside} -j DROP`,
    'COMMIT',
    '*nat',
    `:${nat} - [0:0]`,
    `-A ${nat} -s ${link.subnet} ! -o ${outside} -j MASQUERADE`,
    'COMMIT',
    '',
  ].join('\n');
}

/**
 * Inside the namespace: what comes from a build (not from the engine itself) may not address the machine.
 * In the raw table, where the engine, which rewrites the others at its start, has no rules.
 */
export function insideRules(names: Pick<Names, 'inside'>, link: Link): string {
  return [
    '*raw',
    ':gantry-builds - [0:0]',
    `-A gantry-builds ! -i ${names.inside} -d ${link.host}/32 -j DROP`,
    'COMMIT',
    '',
  ].join('\n');
}

/** A command to run a program with, e.g. nsenter; nothing for here. */
type Prefix = readonly string[];

const within = (prefix: Prefix, program: string, args: readonly string[]): [string, string[]] => {
  const [first, ...rest] = prefix;
  return first === undefined ? [program, [...args]] : [first, [...rest, program, ...args]];
};

async function restoreRules(prefix: Prefix, rules: string, signal: AbortSignal): Promise<void> {
  const [command, args] = within(prefix, 'iptables-restore', ['--noflush', '-w']);
  await runOrThrow(command, args, { ...options, input: rules }, signal);
}

async function jump(
  prefix: Prefix,
  where: readonly [table: string, from: string, to: string],
  signal: AbortSignal,
): Promise<void> {
  const [table, from, to] = where;
  const iptables = (...rule: string[]): Promise<Finished> => {
    const [command, args] = within(prefix, 'iptables', ['-w', '-t', table, ...rule]);
    return run(command, args, options, signal);
  };
  if ((await iptables('-C', from, '-j', to)).code === 0) return;
  // First: Docker's own rules end in a policy of DROP.
  const made = await iptables('-I', from, '1', '-j', to);
  if (made.code !== 0) throw new Error(`iptables could not add a rule to ${from}: ${made.stderr.trim()}`);
}
