import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { run, runOrThrow } from '../../../lib/child.ts';
import { withDeadline } from '../../../lib/deadline.ts';
import { bridgePrefix } from './names.ts';

/**
 * The packet rules that keep app networks to themselves and the internet. They match the bridges by the beginning of
 * their name, so there is one set of rules however many apps there are, in two chains of our own:
 *
 *   GANTRY-<ID>-IN    from INPUT: what a container sends to this machine itself
 *   GANTRY-<ID>-FWD   from DOCKER-USER (which the engine keeps first in FORWARD): what it sends through it
 *
 * A hook sits in front of every rule that is not a platform's own; whoever got in front is overtaken at the next round.
 */
const DEADLINE_MS = 15_000;

type Family = 'iptables' | 'ip6tables';

interface Chain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** The two chains as `iptables-restore` reads them. Pure. */
export function chainsFor(platformId: string, family: Family): readonly [Chain, Chain] {
  const from = `-i ${bridgePrefix(platformId)}+`;
  const to = `-o ${bridgePrefix(platformId)}+`;
  const name = (part: string): string => `GANTRY-${platformId.toUpperCase()}-${part}`;
  if (family === 'ip6tables')
    // App networks have no IPv6; a bridge still answers to its link-local address.
    return [
      marked(name('IN'), [`${from} -j DROP`]),
      marked(name('FWD'), [`${from} -j DROP`, `${to} -j DROP`]),
    ];
  return [
    marked(name('IN'), [
      // Only answers to what the router or a health check asked. The direction matters: a connection that a
      // container opened before these rules were there is ESTABLISHED too.
      `${from} -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN`,
      `${from} -p icmp -m conntrack --ctstate RELATED -j RETURN`,
      `${from} -j DROP`,
    ]),
    marked(name('FWD'), [
      // Within one app's bridge; seen here only where the kernel filters bridged packets too.
      `${from} -m physdev --physdev-is-bridged -j RETURN`,
      `${from} -o gt+ -j DROP`, // other apps, other platforms, build engines
      `${from} -o docker+ -j DROP`,
      `${from} -o br-+ -j DROP`,
      // Some clouds serve names at the address of their metadata service.
      `${from} -d 169.254.0.0/16 -p udp --dport 53 -j RETURN`,
      `${from} -d 169.254.0.0/16 -p tcp --dport 53 -j RETURN`,
      `${from} -d 169.254.0.0/16 -j DROP`,
      `${from} -d 224.0.0.0/4 -j DROP`,
      `${to} -m conntrack --ctstate NEW -j DROP`, // the router speaks from this machine, so nobody comes through it
    ]),
  ];
}

/** What the packet filter holds: the rules of each chain, as `iptables -S` prints them, without the chain's name. */
export type Table = ReadonlyMap<string, readonly string[]>;

export function parseTable(text: string): Table {
  const table = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [word, chain, ...rest] = line.split(' ');
    if (chain === undefined) continue;
    const rules = table.get(chain) ?? [];
    table.set(chain, rules);
    if (word === '-A') rules.push(rest.join(' '));
  }
  return table;
}

/** The input of `iptables-restore --noflush` that makes the rules true, applied as one change; undefined when they are. */
export function repair(chains: readonly [Chain, Chain], table: Table): string | undefined {
  const [input, forward] = chains;
  const stale = chains.filter((chain) => !same(chain, table.get(chain.name)));
  const hooks = [
    ...hook('INPUT', input.name, table),
    ...(table.has('DOCKER-USER') ? hook('DOCKER-USER', forward.name, table) : []),
    ...(covered(forward.name, table) ? [] : hook('FORWARD', forward.name, table)),
  ];
  if (stale.length === 0 && hooks.length === 0) return undefined;
  // A chain that is named here is emptied first, so one that is right is left out.
  const heads = stale.map((chain) => `:${chain.name} - [0:0]`);
  const rules = stale.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule}`));
  return ['*filter', ...heads, ...rules, ...hooks, 'COMMIT', ''].join('\n');
}

/** Makes the rules true in the kernel, IPv4 and IPv6; answers whether anything had to be changed. One cheap look when all is well. */
export async function isolate(platformId: string, signal: AbortSignal): Promise<boolean> {
  return withDeadline(DEADLINE_MS, signal, async (inner) => {
    const families: readonly Family[] = (await hasIpv6()) ? ['iptables', 'ip6tables'] : ['iptables'];
    let changed = false;
    for (const family of families) {
      const table = parseTable(await runOrThrow(family, ['-w', '-S'], {}, inner));
      const input = repair(chainsFor(platformId, family), table);
      if (input === undefined) continue;
      await runOrThrow(`${family}-restore`, ['--noflush', '-w'], { input }, inner);
      changed = true;
    }
    return changed;
  });
}

/** Takes the rules of a platform away again; absent ones are fine. */
export async function removeIsolation(platformId: string, signal: AbortSignal): Promise<void> {
  for (const family of ['iptables', 'ip6tables'] as const) {
    const [input, forward] = chainsFor(platformId, family);
    const hooks = [
      ['INPUT', input.name],
      ['DOCKER-USER', forward.name],
      ['FORWARD', forward.name],
    ] as const;
    for (const [chain, name] of hooks) await run(family, ['-w', '-D', chain, '-j', name], {}, signal);
    for (const { name } of [input, forward])
      for (const flag of ['-F', '-X']) await run(family, ['-w', flag, name], {}, signal);
  }
}

/** Puts a mark in front that changes with the rules: what the kernel prints back differs in form between versions. */
function marked(name: string, rules: readonly string[]): Chain {
  const digest = createHash('sha256').update(rules.join('\n')).digest('hex').slice(0, 12);
  return { name, rules: [`-m comment --comment gantry-rules-${digest}`, ...rules] };
}

function same(chain: Chain, found: readonly string[] | undefined): boolean {
  const mark = chain.rules[0]?.split(' ').at(-1) ?? '';
  return found?.length === chain.rules.length && found[0]?.includes(mark) === true;
}

/** Nothing but hooks of platforms may stand in front of ours. */
function inFront(hooked: string, name: string, table: Table): boolean {
  const first = (table.get(hooked) ?? []).find((rule) => !isGantry(rule) || rule === `-j ${name}`);
  return first === `-j ${name}`;
}

function hook(hooked: string, name: string, table: Table): string[] {
  if (inFront(hooked, name, table)) return [];
  const there = (table.get(hooked) ?? []).filter((rule) => rule === `-j ${name}`);
  return [...there.map(() => `-D ${hooked} -j ${name}`), `-I ${hooked} 1 -j ${name}`];
}

/** True when every forwarded packet meets our chain first, directly or because DOCKER-USER is first and begins with it. */
function covered(name: string, table: Table): boolean {
  const first = (table.get('FORWARD') ?? []).find((rule) => !isGantry(rule) || rule === `-j ${name}`);
  return first === `-j ${name}` || first === '-j DOCKER-USER';
}

function isGantry(rule: string): boolean {
  return /^-j GANTRY-[A-Z0-9]+-(IN|FWD)$/.test(rule);
}

async function hasIpv6(): Promise<boolean> {
  return access('/proc/net/if_inet6').then(
    () => true,
    () => false,
  );
}
