import { ASKED_SEAT, GIVEN_TICKET, TAKEN_SEAT, type TicketOf } from './affinity.ts';
import {
  LATE_ANSWER,
  MAINTENANCE_PAGE,
  MALFORMED_ANSWER,
  NOT_FOUND_PAGE,
  UNAVAILABLE_PAGE,
} from './pages.ts';
import type { RouterState } from './placement.ts';
import { placesOfShard, type Pool } from './pool.ts';
import { MAPS, slotName, wantedRuntime, type Server } from './runtime.ts';
import { CERTIFICATE_LIST, renderTls, type Bundles } from './tls.ts';
import { MESSAGE_BYTES, PATH_BYTES, VISIT_FORMAT } from './visit.ts';

/** What the configuration depends on besides the state. Every string was checked when it was read. */
export interface Settings {
  /** Of the HAProxy that is installed: another one is another configuration, so that a running process is replaced. */
  readonly version: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Whether the kernel has IPv6 at all; without it HAProxy does not start with an address of that family. */
  readonly ipv6: boolean;
  /** Directory that HAProxy locks itself into, and where it meets the other process of its slot. */
  readonly jail: string;
  /** The user HAProxy becomes after opening its ports; null when the router itself is not root. */
  readonly user: string | null;
  /** Hex SHA-256 of the probe secret: the secret itself is in no file that HAProxy reads. */
  readonly probeDigest: string;
  readonly threads: number;
  /** Files a process may have open; what checks and sockets leave of them is for visitors, two files each. */
  readonly openFiles: number;
  readonly hardStopAfterMs: number;
}

/** Files of a generation, by path in its directory. */
export type Files = ReadonlyMap<string, string>;

/**
 * The two processes of a slot number meet here across a reload. HAProxy binds before it locks itself into the jail
 * and connects after, so the two sides see the path differently. What came over TLS has a place of its own: nothing
 * else tells it from the rest.
 */
export function meetingPoint(
  settings: Settings,
  slot: number,
  came: 'http' | 'tls' = 'http',
): { bind: string; connect: string } {
  const name = came === 'http' ? `handoff-${slot}.sock` : `handoff-tls-${slot}.sock`;
  const bind = `${settings.jail}/${name}`;
  return { bind, connect: settings.user === null ? bind : `/${name}` };
}

/** Where HAProxy brings what it has to say of visits; the two sides see the path differently, as with a meeting point. */
export function visitsPoint(settings: Pick<Settings, 'jail' | 'user'>): { bind: string; connect: string } {
  const bind = `${settings.jail}/visits.sock`;
  return { bind, connect: settings.user === null ? bind : '/visits.sock' };
}

/** What waits in a process while nobody listens: some 15,000 visits. */
const RING_BYTES = 4 * 1024 * 1024;

const MIN_CONNECTIONS = 1_000;
const MAX_CONNECTIONS = 10_000;

function connectionsFor(settings: Settings, pool: Pool): number {
  // HAProxy sets one file aside for the check of every slot, used or not.
  const checks = pool.reduce((sum, shard) => sum + shard.count * shard.slots, 0);
  const left = Math.floor((settings.openFiles - checks - 500) / 2);
  return Math.min(MAX_CONNECTIONS, Math.max(MIN_CONNECTIONS, left));
}

function renderGlobal(settings: Settings, pool: Pool, socket: string): string {
  const jail = settings.user === null ? '' : `  user ${settings.user}\n  chroot ${settings.jail}\n`;
  return `# HAProxy ${settings.version}
global
${jail}  nbthread ${settings.threads}
  maxconn ${connectionsFor(settings, pool)}
  no strict-limits
  # A stopping process is held by its longest connection; this bounds it.
  hard-stop-after ${settings.hardStopAfterMs}ms
  stats socket ${socket} mode 600 level admin expose-fd listeners
  stats timeout 10m
  stats maxconn 64
  tune.http.logurilen ${PATH_BYTES}
  # What every browser and client of the last ten years can do, and nothing weaker. No tickets: a ticket's key would be
  # as old as the process, and what was recorded could be read with it.
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
  ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
`;
}

/** A ring takes what there is room for and drops the rest: no visitor waits for whoever listens. */
function renderRing(settings: Settings): string {
  return `
ring visits
  format raw
  maxlen ${MESSAGE_BYTES}
  size ${RING_BYTES}
  timeout connect 2s
  timeout server 1h
  server listener unix@${visitsPoint(settings).connect} log-proto octet-count
`;
}

const DEFAULTS = `
defaults base
  mode http
  timeout connect 2s
  timeout client 60s
  timeout client-fin 10s
  timeout server 55s
  # Without it an app that ignores the end of a WebSocket keeps the stream for the whole tunnel timeout.
  timeout server-fin 10s
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout queue 10s
  timeout tunnel 1h
  # A reload must not cut idle visitors: they are answered once more and asked to reconnect.
  option idle-close-on-response
  option disable-h2-upgrade
  option http-restrict-req-hdr-names delete
  # What no browser sends, and so for programs: refused in the words of the API, whose host is one of many here. Only of
  # what a rule refuses: what the parser refuses is answered before these apply.
  http-error status 400 content-type application/json file 400.json hdr cache-control no-store
  http-error status 408 content-type application/json file 408.json hdr cache-control no-store
  http-error status 502 content-type "text/html; charset=utf-8" file 503.html hdr cache-control no-store
  http-error status 503 content-type "text/html; charset=utf-8" file 503.html hdr cache-control no-store
  http-error status 504 content-type "text/html; charset=utf-8" file 503.html hdr cache-control no-store

defaults pool from base
  balance leastconn
  retries 3
  option redispatch 1
  # Only what never reached the app is sent again; an empty answer is, for methods that may be repeated (RFC 9110 9.2.2).
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE }
  # A server whose connections fail is left after some, not waited for by every request. Not after a few: for the only
  # server of an app that means to refuse everybody, also those whom a busy server would have served.
  default-server check inter 5s fastinter 500ms downinter 500ms fall 3 rise 1 observe layer4 error-limit 10 on-error mark-down
`;

/** Only visits of apps are told of: none that a rule refuses before its app is known, no probe, and none twice. */
const TELLING = `  http-request set-log-level info if { var(txn.app) -m found } !{ var(txn.probe) -m bool } !{ stopping }
`;

const REFUSALS = `  # One canonical host or nothing: 2.6 itself accepts none, two equal ones, and a NUL at the end.
  http-request deny deny_status 400 unless { req.fhdr_cnt(host) eq 1 }
  http-request deny deny_status 400 unless { req.fhdr(host) -m reg '^([A-Za-z0-9]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?\\.?|\\[[0-9A-Fa-f:.]{2,45}\\])(:[0-9]{1,5})?$' }
  # 2.6 passes NUL and other control bytes in values on to the app. Not on a hex copy, which fails for long headers.
  http-request deny deny_status 400 if { req.hdrs -m reg '[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]' }
  http-request deny deny_status 400 if { req.ver 1.0 } { req.fhdr_cnt(transfer-encoding) gt 0 }
`;

const ROUTING = `  acl tls so_name -m str tls
  http-request set-var(txn.host) req.fhdr(host),host_only,rtrim(.)
  http-request set-var(txn.app) var(txn.host),map_str(routes.map)
  http-request set-var(txn.app) var(txn.host),field(2,.,0),map_str(wild.map) unless { var(txn.app) -m found }
  # By its address the machine is asked for the platform itself, and over TLS only.
  http-request set-var(txn.host) str(localhost) if tls { var(txn.host) -m str [::1] }
  http-request set-var(txn.app) var(txn.host),map_str(tls.map) if tls !{ var(txn.app) -m found }
  http-request set-var(txn.place) var(txn.app),map_str(apps.map)
  http-request set-var(txn.secure) str(tls) if tls
`;

const HEADERS = `  # Nothing that only a proxy may say is believed; a client could also name a header in Connection to have it dropped.
  acl tunnel req.fhdr(upgrade) -m str -i websocket gantry-run
  http-request del-header upgrade unless tunnel
  http-request del-header connection
  http-request set-header connection upgrade if tunnel
  http-request del-header http2-settings
  http-request del-header keep-alive
  http-request del-header proxy
  http-request del-header proxy- -m beg
  http-request del-header forwarded
  http-request del-header x-forwarded- -m beg
  http-request del-header x-real-ip
  http-request del-header x-client-ip
  http-request del-header x-cluster-client-ip
  http-request del-header true-client-ip
  http-request set-header x-forwarded-for %[src]
  http-request set-header x-forwarded-proto http unless tls
  http-request set-header x-forwarded-proto https if tls
  http-request set-header x-forwarded-port %[dst_port]
  http-request set-header x-request-start %[date(0,ms)]
  http-request set-var(txn.request_id) req.fhdr(x-request-id) if { req.fhdr_cnt(x-request-id) eq 1 } { req.fhdr(x-request-id) -m reg '^[A-Za-z0-9-]{20,200}$' }
  http-request set-var(txn.request_id) uuid() unless { var(txn.request_id) -m found }
  http-request set-header x-request-id %[var(txn.request_id)]
`;

/** A stopping process must leave the probe's headers alone: the next one, which it hands the request to, needs them. */
function renderProbe(digest: string): string {
  return `  http-request set-var(txn.probe) bool(true) if { req.fhdr(x-gantry-probe),sha2(256),hex -m str ${digest} }
  http-request set-var(txn.place) req.fhdr(x-gantry-place) if { var(txn.probe) -m bool } { req.fhdr(x-gantry-place) -m reg ^p[0-9]{5}$ }
  http-request del-header x-gantry- -m beg unless { stopping }
  # Runs for answers of servers only, never for the router's own: that is how a probe tells the two apart.
  http-response del-header x-gantry- -m beg unless { stopping }
  http-response set-header x-gantry-answered-by %[be_name] if { var(txn.probe) -m bool } !{ stopping }
`;
}

/** The line by which a process listens on a port for HTTP. */
function bindLine(port: number): string {
  return `  bind :${port}\n`;
}

/** Whether a process of this configuration listens on a port. */
export function bindsPort(configuration: string, port: number): boolean {
  return configuration.split('\n').some((line) => `${line} `.startsWith(`  bind :${port} `));
}

function renderFrontend(settings: Settings, slot: number): string {
  const plain = meetingPoint(settings, slot);
  const tls = meetingPoint(settings, slot, 'tls');
  const { httpPort, httpsPort, ipv6 } = settings;
  const presenting = `ssl crt-list ${CERTIFICATE_LIST} alpn h2,http/1.1`;
  const public6 = ipv6 ? `  bind :::${httpPort} v6only\n` : '';
  const secure6 = ipv6 ? `  bind :::${httpsPort} v6only name tls ${presenting}\n` : '';
  const owner = settings.user === null ? '' : ` user ${settings.user}`;
  return `
frontend public from base
${bindLine(httpPort)}${public6}  bind :${httpsPort} name tls ${presenting}
${secure6}  bind unix@${plain.bind} accept-proxy mode 600${owner}
  bind unix@${tls.bind} accept-proxy mode 600${owner} name tls
  log ring@visits len ${MESSAGE_BYTES} format raw local0 info
  option dontlognull
  log-format "${VISIT_FORMAT}"
  http-request set-log-level silent
${REFUSALS}${ROUTING}${renderProbe(settings.probeDigest)}${ASKED_SEAT}${TELLING}${HEADERS}${GIVEN_TICKET}  # An old process knows old servers: whatever still reaches it goes on to its successor.
  use_backend handoff_tls if { stopping } tls
  use_backend handoff if { stopping }
  use_backend unknown unless { var(txn.place) -m found }
  use_backend %[var(txn.place)]
  default_backend none

backend handoff from base
  server next unix@${plain.connect} send-proxy-v2

backend handoff_tls from base
  server next unix@${tls.connect} send-proxy-v2

backend unknown from base
  http-request return status 404 content-type "text/html; charset=utf-8" lf-file 404.html hdr cache-control no-store

backend maintenance from base
  http-request return status 503 content-type "text/html; charset=utf-8" file maintenance.html hdr cache-control no-store hdr retry-after 300

backend none from base
  http-request return status 503 content-type "text/html; charset=utf-8" file 503.html hdr cache-control no-store
`;
}

/**
 * The file of one of the two processes: everything but the places. The processes differ in their command socket
 * and in where one that stops meets its successor.
 */
function renderProcess(settings: Settings, pool: Pool, at: { slot: number; socket: string }): string {
  return (
    renderGlobal(settings, pool, at.socket) +
    renderRing(settings) +
    DEFAULTS +
    renderFrontend(settings, at.slot)
  );
}

/** A closed slot points where nobody listens; it is never asked. */
const EMPTY_SLOT = '127.0.0.1:1 disabled';

/** One shard's places, with the servers that sit in them, as they are in memory. */
function renderShard(pool: Pool, shard: number, servers: ReadonlyMap<string, Server>): string {
  const declared = pool[shard];
  if (!declared) throw new Error(`the pool has no shard ${shard}`);
  const lines: string[] = [];
  for (const place of placesOfShard(declared, shard)) {
    lines.push(`backend ${place.name} from pool`, `  id ${place.id}`, TAKEN_SEAT);
    for (let index = 1; index <= place.slots; index += 1) {
      const server = servers.get(slotName(place.name, index));
      const target = server
        ? `${server.address}:${server.port}${server.open ? '' : ' disabled'}`
        : EMPTY_SLOT;
      lines.push(`  server s${index} ${target}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function shardFile(shard: number): string {
  return `pool/${String(shard).padStart(4, '0')}.cfg`;
}

function renderMap(entries: ReadonlyMap<string, string>): string {
  return [...entries]
    .map(([key, value]) => `${key} ${value}\n`)
    .toSorted()
    .join('');
}

/**
 * The files that follow the state: the shards, then the maps that lead to them. Whoever writes them keeps this
 * order, so that a process that starts in between finds every place that a map names filled.
 */
export function renderState(state: RouterState, bundles: Bundles, ticketOf: TicketOf): Files {
  const runtime = wantedRuntime(state, bundles, ticketOf);
  const files = new Map<string, string>(renderTls(state, bundles));
  state.pool.forEach((_, n) => files.set(shardFile(n), renderShard(state.pool, n, runtime.servers)));
  for (const name of MAPS) files.set(name, renderMap(runtime.maps[name]));
  return files;
}

/** The files that stay as they are for a whole generation. `socketOf` gives the command socket of each process. */
export function renderFixed(settings: Settings, pool: Pool, socketOf: (slot: number) => string): Files {
  const processes = [0, 1].map((slot): [string, string] => [
    `process-${slot}.cfg`,
    renderProcess(settings, pool, { slot, socket: socketOf(slot) }),
  ]);
  return new Map([
    ...processes,
    ['400.json', MALFORMED_ANSWER],
    ['408.json', LATE_ANSWER],
    ['404.html', NOT_FOUND_PAGE],
    ['503.html', UNAVAILABLE_PAGE],
    ['maintenance.html', MAINTENANCE_PAGE],
  ]);
}
