import { affinityMaps, NO_TICKETS, type TicketOf } from './affinity.ts';
import type { Command } from './commands.ts';
import { effectiveRoutes, type RouterState } from './placement.ts';
import { NO_BUNDLES, tlsCommands, wantedTls, type Bundles, type Tls } from './tls.ts';

/** One server slot as HAProxy has it. The address of a closed slot does not matter. */
export interface Server {
  readonly address: string;
  readonly port: number;
  readonly open: boolean;
}

/** Each after those that it leads to. */
export const MAPS = ['seats.map', 'tickets.map', 'apps.map', 'routes.map', 'wild.map', 'tls.map'] as const;
export type MapName = (typeof MAPS)[number];

/** One value for each map. */
export function forEachMap<T>(make: (name: MapName) => T): Record<MapName, T> {
  return {
    'tickets.map': make('tickets.map'),
    'seats.map': make('seats.map'),
    'apps.map': make('apps.map'),
    'routes.map': make('routes.map'),
    'wild.map': make('wild.map'),
    'tls.map': make('tls.map'),
  };
}

/** What one HAProxy process holds in memory that can change while it runs. A slot that is not listed is closed. */
export interface Runtime {
  /**
   * Host → app, the domain behind `*.` → app, host → app over TLS only, app → place, `none` or `maintenance`; and those of
   * affinity.ts.
   */
  readonly maps: Readonly<Record<MapName, ReadonlyMap<string, string>>>;
  /** `p00001/s1` → server. */
  readonly servers: ReadonlyMap<string, Server>;
  readonly tls: Tls;
}

/** The value of an app that nothing answers for. */
const NOBODY = 'none';
/** The value of an app whose visitors are asked to come back later. */
const MAINTENANCE = 'maintenance';

export function slotName(place: string, index: number): string {
  return `${place}/s${index}`;
}

function placeOf(slot: string): string {
  return slot.slice(0, slot.indexOf('/'));
}

/** What every process must hold for this state. */
export function wantedRuntime(
  state: RouterState,
  bundles: Bundles = NO_BUNDLES,
  ticketOf: TicketOf = NO_TICKETS,
): Runtime {
  const servers = new Map<string, Server>();
  const serving = new Map<string, string>();
  for (const p of state.placements) {
    if (p.role === 'serving' && p.slots.some((s) => s.leavingSince === null)) serving.set(p.app, p.place);
    for (const s of p.slots)
      servers.set(slotName(p.place, s.index), {
        address: s.address,
        port: s.port,
        open: s.leavingSince === null,
      });
  }
  const { tickets, seats } = affinityMaps(state, ticketOf);
  const maps = { ...wantedMaps(state, serving), 'tickets.map': tickets, 'seats.map': seats };
  return { maps, servers, tls: wantedTls(state, bundles) };
}

function wantedMaps(
  state: RouterState,
  serving: ReadonlyMap<string, string>,
): Record<MapName, Map<string, string>> {
  const maps = forEachMap(() => new Map<string, string>());
  for (const route of effectiveRoutes(state.table)) {
    const answering = serving.get(route.app) ?? NOBODY;
    maps['apps.map'].set(route.app, route.maintenance === true ? MAINTENANCE : answering);
    for (const host of route.tlsHosts ?? []) maps['tls.map'].set(host, route.app);
    for (const host of route.hosts) {
      if (host.startsWith('*.')) maps['wild.map'].set(host.slice(2), route.app);
      else maps['routes.map'].set(host, route.app);
    }
  }
  return maps;
}

const NOTHING = /^$/;
const ADDRESS_SET = /changed from|no need to change/;

function setState(slot: string, open: boolean): Command {
  return { line: `set server ${slot} state ${open ? 'ready' : 'maint'}`, expect: NOTHING };
}

/**
 * Has a process believe in a server again, and fully. One that was given up is otherwise found to be back by a check,
 * in each process at a time of its own: for half a second one would serve and the other refuse. And one that has just
 * been opened or read from a file is one failed check short of being down (health 1, not rise + fall - 1): a single
 * check that is late on a busy machine would cost half a second of 503.
 */
function believeIn(slot: string): Command {
  return { line: `set server ${slot} health up`, expect: NOTHING };
}

/** For a process of which we do not know what it has given up, when the state was made by who had asked every server. */
export function believeInAll(wanted: Runtime): Command[] {
  return [...wanted.servers].flatMap(([slot, server]) => (server.open ? [believeIn(slot)] : []));
}

/** Points a slot at a server and opens it. Whoever fills a slot has seen that its server answers. */
function fill(slot: string, from: Server | undefined, to: Server): Command[] {
  const moved = from?.address !== to.address || from.port !== to.port;
  const commands: Command[] = [];
  // Only a repair meets an open slot at the wrong address; it must not take a request in between.
  if (moved && from?.open === true) commands.push(setState(slot, false));
  if (moved)
    commands.push({ line: `set server ${slot} addr ${to.address} port ${to.port}`, expect: ADDRESS_SET });
  if (moved || !from.open) commands.push(setState(slot, true), believeIn(slot));
  return commands;
}

/** The servers of places that apps are about to be pointed at and that are filled already. */
function believeWherePointed(from: Runtime, to: Runtime): Command[] {
  const before = from.maps['apps.map'];
  const pointed = new Set(
    [...to.maps['apps.map']].filter(([app, place]) => before.get(app) !== place).map(([, place]) => place),
  );
  return [...to.servers].flatMap(([slot, server]) =>
    server.open && pointed.has(placeOf(slot)) && from.servers.get(slot)?.open === true
      ? [believeIn(slot)]
      : [],
  );
}

function mapCommands(name: MapName, from: Runtime, to: Runtime): { put: Command[]; drop: Command[] } {
  const put: Command[] = [];
  const drop: Command[] = [];
  const [have, want] = [from.maps[name], to.maps[name]];
  for (const [key, value] of want) {
    // `add map` on a known key would make a second entry; `set map` on an unknown one fails.
    if (!have.has(key)) put.push({ line: `add map ${name} ${key} ${value}`, expect: NOTHING });
    else if (have.get(key) !== value) put.push({ line: `set map ${name} ${key} ${value}`, expect: NOTHING });
  }
  for (const key of have.keys())
    if (!want.has(key)) drop.push({ line: `del map ${name} ${key}`, expect: NOTHING });
  return { put, drop };
}

/**
 * The commands that turn one runtime into another, in an order in which every moment between two of them is sound:
 * servers are filled and believed in before an app is pointed at them or a ticket leads to them, an app is known and a certificate is there before a
 * host leads to it, and what leaves is closed last. Empty when they are equal. `textOf` gives a certificate file's text.
 */
export function commandsBetween(
  from: Runtime,
  to: Runtime,
  textOf: (file: string) => string = () => '',
): Command[] {
  const fills: Command[] = [];
  const closes: Command[] = [];
  for (const [slot, server] of to.servers)
    if (server.open) fills.push(...fill(slot, from.servers.get(slot), server));
  for (const [slot, server] of from.servers)
    if (server.open && to.servers.get(slot)?.open !== true) closes.push(setState(slot, false));

  const tickets = mapCommands('tickets.map', from, to);
  const seats = mapCommands('seats.map', from, to);
  const apps = mapCommands('apps.map', from, to);
  const routes = mapCommands('routes.map', from, to);
  const wild = mapCommands('wild.map', from, to);
  const secure = mapCommands('tls.map', from, to);
  const tls = tlsCommands(from.tls, to.tls, textOf);
  return [
    ...fills,
    ...believeWherePointed(from, to),
    ...seats.put,
    ...tickets.put,
    ...apps.put,
    ...tls.put,
    ...routes.put,
    ...wild.put,
    ...secure.put,
    ...routes.drop,
    ...wild.drop,
    ...secure.drop,
    ...tls.drop,
    ...apps.drop,
    ...tickets.drop,
    ...seats.drop,
    ...closes,
  ];
}

/** The part of a runtime that a change touches: these maps, these places, and the certificates or not. */
export interface Part {
  readonly maps: readonly MapName[];
  readonly places: readonly string[];
  readonly tls: boolean;
}

/** Which maps and places the commands change. */
export function touchedBy(commands: readonly Command[]): Part {
  const words = commands.map((c) => c.line.split(' '));
  const maps = MAPS.filter((name) => words.some(([, what, which]) => what === 'map' && which === name));
  const places = words.flatMap(([, what, slot]) =>
    what === 'server' && slot !== undefined ? [placeOf(slot)] : [],
  );
  return { maps, places: [...new Set(places)], tls: words.some(([, what]) => what === 'ssl') };
}

/** The runtime with everything outside the part taken from `other`, so that only the part is compared. */
export function onlyPart(runtime: Runtime, part: Part, other: Runtime): Runtime {
  const pick = (name: MapName): ReadonlyMap<string, string> =>
    (part.maps.includes(name) ? runtime : other).maps[name];
  const places = new Set(part.places);
  const inside = ([slot]: [string, Server]): boolean => places.has(placeOf(slot));
  return {
    maps: forEachMap(pick),
    servers: new Map([
      ...[...other.servers].filter((entry) => !inside(entry)),
      ...[...runtime.servers].filter(inside),
    ]),
    tls: (part.tls ? runtime : other).tls,
  };
}

/** Reads the answer of `show map`: `0x… key value` per line. */
export function parseMap(answer: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of answer.split('\n')) {
    const [, key, value] = line.split(' ');
    if (key === undefined || value === undefined) continue;
    // Twice the same key with two values: whichever HAProxy takes, an impossible value makes the repair set both.
    const seen = entries.get(key);
    entries.set(key, seen === undefined || seen === value ? value : '?');
  }
  return entries;
}

/** Anything but 0x04, which only remembers that the configuration file said `disabled`. */
const CLOSED_BY_ADMIN = 0x3b;

/** Reads the answer of `show servers state`; only the slots of pool places. A server that is down by its check is still open. */
export function parseServers(answer: string): Map<string, Server> {
  const servers = new Map<string, Server>();
  const lines = answer.split('\n').filter((line) => line !== '');
  const names =
    lines
      .find((line) => line.startsWith('# be_id'))
      ?.slice(2)
      .split(' ') ?? [];
  const at = (row: readonly string[], name: string): string => row[names.indexOf(name)] ?? '';
  for (const line of lines) {
    const row = line.split(' ');
    const place = at(row, 'be_name');
    if (!/^p\d{5}$/.test(place)) continue;
    const open = (Number(at(row, 'srv_admin_state')) & CLOSED_BY_ADMIN) === 0;
    servers.set(`${place}/${at(row, 'srv_name')}`, {
      address: at(row, 'srv_addr'),
      port: Number(at(row, 'srv_port')),
      open,
    });
  }
  return servers;
}
