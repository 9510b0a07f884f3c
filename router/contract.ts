import { z } from 'zod';
import { MAX_BUNDLE_LENGTH } from '../lib/key-pair.ts';

/**
 * What the router is told and what it answers, over HTTP on its own unix socket.
 *
 *   PUT  /table     RoutingTable   → 200 once every router process serves it (runtime = disk); 409 when older than the one applied
 *   PUT  /certificates  Bundle     → 200 { digest }: kept on disk, for tables that name it; 400 for one that HAProxy would refuse
 *   POST /certificates/lacking  Digests → 200 Digests: those of them that were not given yet
 *   POST /probe     ProbeRequest   → 200 ProbeAnswer: one request through each router process to a serving or staged backend
 *   GET  /backends                 → 200 BackendState[]: what still has streams, and what it has answered so far
 *   POST /backends  BackendsAsked  → 200 BackendState[]: the same of some apps, at the cost of those
 *   GET  /status                   → 200 RouterStatus
 *   POST /visits    VisitsAsked    → 200 VisitPage: what visitors asked and got since; waits a while when that is nothing
 *
 * Everything that ends up in HAProxy's files or on its runtime socket is checked by these schemas first: a value
 * with a space, newline, `;`, `#` or quote cannot be expressed.
 */
const ident = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** A canonical host name: lower case, no port, no trailing dot; `*.` once at the front for a wildcard. */
export const hostname = z
  .string()
  .max(253)
  .regex(/^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/);

const server = z.strictObject({
  /** Stable within its backend, e.g. `web-1`. */
  id: ident,
  address: z.ipv4(),
  port: z.int().min(1).max(65535),
});

/** The instances of one deployment. The same key keeps its place when servers come and go; another key is a switch. */
const backend = z.strictObject({ key: ident, servers: z.array(server).max(64) });

/** Names a bundle: hexadecimal SHA-256 of its text. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Certificate chain, leaf first, and private key: PEM and nothing else, small enough for a command to HAProxy. */
export const bundle = z.strictObject({
  pem: z
    .string()
    .max(MAX_BUNDLE_LENGTH)
    .regex(/^(-----BEGIN [A-Z ]{1,30}-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END [A-Z ]{1,30}-----\n){2,11}$/),
});
export const digests = z.strictObject({ digests: z.array(digest).max(100_000) });

const route = z.strictObject({
  /** Opaque id of whatever owns the hosts. */
  app: ident,
  hosts: z.array(hostname).max(1100),
  /** Hosts that lead here over TLS only; no wildcards, for they are looked up as they are. */
  tlsHosts: z.array(hostname.regex(/^[^*]/)).max(16).optional(),
  /** Hosts of this route with a certificate of their own; the others show the platform's. */
  certificates: z
    .array(z.strictObject({ host: hostname, digest }))
    .max(1100)
    .optional(),
  /** Visitors get the maintenance page; probes of what is staged go on. */
  maintenance: z.boolean().optional(),
  /** A visitor comes back to the server that answered him first. */
  affinity: z.boolean().optional(),
  /** Null: the hosts are known but nothing answers for them → the 503 page. */
  serving: backend.nullable(),
  /** Filled and reachable by a probe, never by a visitor. */
  staged: backend.nullable(),
});

const version = z.strictObject({
  /** Grows each time a controller takes over; a table of an older epoch is refused. */
  epoch: z.int().min(0),
  seq: z.int().min(0),
});

export const routingTable = z.strictObject({ version, routes: z.array(route).max(20_000) });
export type RoutingTable = z.infer<typeof routingTable>;
export type Route = RoutingTable['routes'][number];
export type Backend = z.infer<typeof backend>;
export type TableVersion = z.infer<typeof version>;

export const probeRequest = z.strictObject({
  app: ident,
  which: z.enum(['serving', 'staged']),
  host: hostname,
  path: z.string().regex(/^\/[\x21-\x7e]{0,2000}$/),
  timeoutMs: z.int().min(1).max(60_000),
});
export type ProbeRequest = z.infer<typeof probeRequest>;

/** `byApp` is false when the router itself made the answer (no server, refused, timed out). */
export const probeAnswer = z.object({
  status: z.int(),
  byApp: z.boolean(),
  ms: z.number(),
  /** How many requests it was, which backends have counted among those of visitors. */
  sent: z.int().default(1),
});
export type ProbeAnswer = z.infer<typeof probeAnswer>;

/** The apps whose backends are asked about; those that have none are left out of the answer. */
export const backendsAsked = z.strictObject({ apps: z.array(ident).max(20_000) });

/** One backend, summed over all router processes. Counters start at 0 when the backend is filled. */
const backendState = z.object({
  app: z.string(),
  key: z.string(),
  role: z.enum(['serving', 'staged', 'draining']),
  /** Requests and upgraded connections in flight right now. */
  sessions: z.int(),
  requests: z.int(),
  /** Requests for which the router had to make an error because the backend gave none (refused, reset, timed out, no server). */
  dropped: z.int(),
  /** The part of `sessions` that each of its servers carries, by the id the table gave it. */
  servers: z.array(z.object({ id: z.string(), sessions: z.int() })),
});
export type BackendState = z.infer<typeof backendState>;
export const backendStates = z.array(backendState);

export const routerStatus = z.object({
  version,
  processes: z.array(z.object({ pid: z.int(), healthy: z.boolean(), restarts: z.int() })),
  /** Backends declared and free; the pool grows by itself. */
  pool: z.object({ size: z.int(), free: z.int() }),
  reloads: z.int(),
});
export type RouterStatus = z.infer<typeof routerStatus>;

/** One request of a visitor to an app, told when it had ended. */
const visit = z.object({
  app: z.string(),
  /** When it had ended, in microseconds since 1970. */
  at: z.int(),
  /** As they were sent, a character per byte: they may hold anything. */
  method: z.string(),
  host: z.string(),
  path: z.string(),
  requestId: z.string(),
  /** The visitor's address. */
  from: z.string(),
  secure: z.boolean(),
  /** The server of the table that was chosen; null: none was. */
  server: z.string().nullable(),
  /** Of the answer; 0 when there was none. */
  status: z.int(),
  /** Of the answer, with its head. */
  bytes: z.int(),
  /** Null: no connection to a server was made. */
  connectMs: z.int().nullable(),
  serviceMs: z.int().nullable(),
  /** What went wrong, or why the router answered itself; null: the app answered. */
  fault: z
    .enum([
      ...(['none', 'maintenance', 'down', 'refused', 'connect_timeout', 'queue', 'timeout'] as const),
      ...(['closed', 'cut', 'idle', 'malformed', 'client_left', 'client_idle'] as const),
      ...(['refused_by_rule', 'router'] as const),
    ])
    .nullable(),
});
export type Visit = z.infer<typeof visit>;

/** How far somebody has read: of which run of the router, and up to which entry. */
const visitMark = z.strictObject({ run: z.string().max(64), seq: z.int().min(0) });
export type VisitMark = z.infer<typeof visitMark>;

/** What came before `after` has been kept by whoever asks, and is forgotten here. */
export const visitsAsked = z.strictObject({
  after: visitMark.nullable(),
  limit: z.int().min(1).max(5_000),
  waitMs: z.int().min(0).max(60_000),
});

export const visitPage = z.object({
  mark: visitMark,
  visits: z.array(visit),
  /** Visits that there was no room to tell of, by app, since when (ms). */
  lost: z.array(z.object({ app: z.string(), count: z.int(), since: z.int() })),
});
export type VisitPage = z.infer<typeof visitPage>;

/**
 * Which process of the router in this directory was started with these arguments; undefined for every other program,
 * whatever file of the router it works on. HAProxy outlives the router, so by this it is found: by the next router,
 * and by whoever stops the platform.
 */
export function haproxyProcess(
  argv: readonly string[],
  routerDir: string,
): { slot: number; generation: number } | undefined {
  const [program, quiet, , dir = '', , file = ''] = argv;
  if (program !== 'haproxy' || quiet !== '-q' || !dir.startsWith(`${routerDir}/`)) return undefined;
  const generation = /^g(\d{6})$/.exec(dir.slice(routerDir.length + 1))?.[1];
  const slot = /^process-([01])\.cfg$/.exec(file)?.[1];
  if (generation === undefined || slot === undefined) return undefined;
  return { slot: Number(slot), generation: Number(generation) };
}
