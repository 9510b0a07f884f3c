import { PlatformError } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import { NO_ROUTE, type AppRoute, type Target, type Traffic } from '../domain/plan.ts';
import type { Keyring } from './keyring.ts';
import type { BackendReport, Router, TableBackend, TableRoute } from '../ports/router.ts';

/** Hosts that go to a fixed address instead of an app's instances: the platform's own API. */
export interface FixedRoute {
  readonly app: string;
  readonly hosts: readonly string[];
  /** Hosts that mean it over TLS only. */
  readonly tlsHosts: readonly string[];
  readonly address: string;
  readonly port: number;
}

/** An app's hosts, and what is to answer for them. */
export interface WantedRoute {
  readonly appId: string;
  readonly hosts: readonly string[];
  readonly certificates: readonly { readonly host: string; readonly digest: string }[];
  readonly maintenance: boolean;
  readonly affinity: boolean;
  readonly route: AppRoute;
}

/**
 * The routing table as the router has acknowledged it, and the way to change it. What the router serves is remembered
 * from its acknowledgements; after a restart of ours it is read back from the router itself, so that a controller that
 * takes over starts from what visitors see and not from nothing.
 */
export interface Routes {
  /**
   * Reads back what the router serves; call once before anything else, with everything that runs. `leftMs` says when an
   * instance received its last visitor, where that is on record: its drain goes on from there.
   */
  recover(
    instances: readonly Instance[],
    leftMs: (instance: Instance) => number | null,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  acknowledged(appId: string): AppRoute;
  /** True when the router has acknowledged a table with this host, whatever answers for it. */
  carries(host: string): boolean;
  /** Makes the whole table true unless it is already; answers the milliseconds it took, 0 when nothing was to do. */
  apply(wanted: readonly WantedRoute[], instances: readonly Instance[], signal: AbortSignal): Promise<number>;
  /**
   * Looks what the router carries of the apps whose deployment is under way or of which something is to drain: of the others
   * nothing is decided by that. Also notices a router that has lost its table, so that the next `apply` repeats it.
   */
  look(instances: readonly Instance[], deploying: ReadonlySet<string>, signal: AbortSignal): Promise<Look>;
}

export interface Look {
  readonly traffic: ReadonlyMap<string, Traffic>;
  /** Of the apps that were looked at. */
  readonly reports: readonly BackendReport[];
}

export function createRoutes(deps: {
  readonly router: Router;
  readonly keyring: Keyring;
  readonly fixed: readonly FixedRoute[];
  readonly epoch: () => number;
  readonly nowMs: () => number;
}): Routes {
  let acked = new Map<string, AppRoute>();
  let ackedTable = '';
  let ackedHosts: ReadonlySet<string> = new Set();
  let seq = 0;
  /** When an instance was last named by the acknowledged table as a receiver of visitors. */
  const lastRouted = new Map<string, number>();

  /** Instances of a table that was sent and not acknowledged: it may have taken effect all the same. */
  let unconfirmed = new Set<string>();

  /** Notes who receives visitors at this moment. */
  function remember(): void {
    for (const id of [...unconfirmed, ...receiversOf(acked.values())]) lastRouted.set(id, deps.nowMs());
  }

  return {
    async recover(instances, leftMs, signal) {
      acked = servedNow(await deps.router.backends('all', signal), instances);
      // Anything else that runs may have carried requests a moment ago.
      for (const instance of instances) lastRouted.set(instance.id, leftMs(instance) ?? deps.nowMs());
      return receiversOf(acked.values());
    },

    acknowledged: (appId) => acked.get(appId) ?? NO_ROUTE,

    carries: (host) => ackedHosts.has(host),

    async apply(wanted, instances, signal) {
      const byId = new Map(instances.map((i) => [i.id, i]));
      const routes = routesOf(deps.fixed, wanted, byId);
      const table = JSON.stringify(routes);
      if (table === ackedTable) return 0;
      const began = deps.nowMs();
      const next = new Map(wanted.map((want) => [want.appId, want.route]));
      seq += 1;
      ackedTable = ''; // nothing is sure until the answer; without one, whatever comes next is sent
      unconfirmed = new Set([...unconfirmed, ...receiversOf(next.values())]);
      await deps.router.apply(
        { epoch: deps.epoch(), seq, routes: await withKnownCertificates(deps.keyring, routes, signal) },
        signal,
      );
      remember(); // those that leave have received up to now, however long it took
      ackedTable = table;
      ackedHosts = new Set(routes.flatMap(({ hosts }) => hosts));
      acked = next;
      unconfirmed = new Set();
      remember();
      return deps.nowMs() - began;
    },

    async look(instances, deploying, signal) {
      const asked = new Set([...deploying, ...appsBesides(acked, instances)]);
      const [reports, version] = await Promise.all([
        asked.size === 0 ? [] : deps.router.backends([...asked], signal),
        deps.router.applied(signal),
      ]);
      if (version.epoch > deps.epoch()) throw PlatformError.of('fenced', { epoch: version.epoch });
      if (version.epoch !== deps.epoch() || version.seq !== seq) ackedTable = '';
      remember();
      const here = new Set(instances.map((i) => i.id));
      for (const id of lastRouted.keys()) if (!here.has(id)) lastRouted.delete(id);
      return {
        reports,
        traffic: trafficOf(
          { reports, asked },
          instances,
          (id) => deps.nowMs() - (lastRouted.get(id) ?? -Infinity),
        ),
      };
    },
  };
}

function routesOf(
  fixed: readonly FixedRoute[],
  wanted: readonly WantedRoute[],
  byId: ReadonlyMap<string, Instance>,
): TableRoute[] {
  return [
    ...fixed.map(fixedRoute),
    ...wanted.map((want): TableRoute => ({
      app: want.appId,
      hosts: want.hosts,
      ...(want.certificates.length > 0 && { certificates: want.certificates }),
      ...(want.maintenance && { maintenance: true }),
      ...(want.affinity && { affinity: true }),
      serving: backendOf(want.route.serving, byId),
      staged: backendOf(want.route.staged, byId),
    })),
  ].toSorted((a, b) => a.app.localeCompare(b.app));
}

/** The routes without the certificates that the router cannot be given. */
async function withKnownCertificates(
  keyring: Keyring,
  routes: readonly TableRoute[],
  signal: AbortSignal,
): Promise<readonly TableRoute[]> {
  const named = routes.flatMap((route) => (route.certificates ?? []).map(({ digest }) => digest));
  const held = await keyring.ensure(named, signal);
  return routes.map((route) =>
    route.certificates
      ? { ...route, certificates: route.certificates.filter(({ digest }) => held.has(digest)) }
      : route,
  );
}

function servedNow(reports: readonly BackendReport[], instances: readonly Instance[]): Map<string, AppRoute> {
  const served = new Map<string, AppRoute>();
  for (const report of reports) {
    if (report.role === 'draining') continue;
    const before = served.get(report.app) ?? NO_ROUTE;
    served.set(report.app, { ...before, [report.role]: targetOf(report, instances) });
  }
  return served;
}

function receiversOf(routes: Iterable<AppRoute>): string[] {
  return [...routes].flatMap(({ serving }) => serving?.instances ?? []);
}

function fixedRoute(fixed: FixedRoute): TableRoute {
  const serving = { key: 'fixed', servers: [{ id: 'fixed', address: fixed.address, port: fixed.port }] };
  return { app: fixed.app, hosts: fixed.hosts, tlsHosts: fixed.tlsHosts, serving, staged: null };
}

function backendOf(target: Target | null, byId: ReadonlyMap<string, Instance>): TableBackend | null {
  if (!target) return null;
  const servers = target.instances.flatMap((id) => {
    const found = byId.get(id);
    return found?.address && found.port !== null
      ? [{ id: serverId(found), address: found.address, port: found.port }]
      : [];
  });
  return { key: backendKey(target.seq), servers: servers.toSorted((a, b) => a.id.localeCompare(b.id)) };
}

function targetOf(report: BackendReport, instances: readonly Instance[]): Target | null {
  const seq = Number(/^d(\d+)$/.exec(report.key)?.[1] ?? NaN);
  if (Number.isNaN(seq)) return null;
  const ids = new Set(report.servers.map((server) => server.id));
  const named = instances.filter((i) => i.appId === report.app && i.seq === seq && ids.has(serverId(i)));
  return { seq, instances: named.map((i) => i.id) };
}

/** The apps of instances that visitors were or are to be sent to, and that are in no acknowledged route. */
function appsBesides(acked: ReadonlyMap<string, AppRoute>, instances: readonly Instance[]): string[] {
  const named = new Set(
    [...acked.values()].flatMap(({ serving, staged }) => [
      ...(serving?.instances ?? []),
      ...(staged?.instances ?? []),
    ]),
  );
  return instances.flatMap(({ id, appId, port }) => (port !== null && !named.has(id) ? [appId] : []));
}

function trafficOf(
  { reports, asked }: { readonly reports: readonly BackendReport[]; readonly asked: ReadonlySet<string> },
  instances: readonly Instance[],
  unroutedMs: (id: string) => number,
): ReadonlyMap<string, Traffic> {
  const sessions = new Map(
    reports.flatMap((r) => r.servers.map((s) => [`${r.app} ${r.key} ${s.id}`, s.sessions] as const)),
  );
  return new Map(
    instances
      .filter((i) => i.port !== null)
      .map((i) => [
        i.id,
        {
          // What was not asked may be some: nothing that relies on there being none is to be decided by it.
          sessions:
            sessions.get(`${i.appId} ${backendKey(i.seq)} ${serverId(i)}`) ?? (asked.has(i.appId) ? 0 : 1),
          unroutedMs: unroutedMs(i.id),
        },
      ]),
  );
}

function backendKey(seq: number): string {
  return `d${seq}`;
}

/** The attempt is part of it: a restarted instance has another address and must not inherit the old one's place in mid-air. */
function serverId(instance: Instance): string {
  return `${instance.type.toLowerCase()}-${instance.number}-${instance.attempt}`;
}
