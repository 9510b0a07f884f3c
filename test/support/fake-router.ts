import { digestOf } from '../../lib/key-pair.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { BackendReport, ProbeAnswer, Router, Table, TableBackend } from '../../server/ports/router.ts';
import type { FakeEngine } from './fake-engine.ts';

/** The router of a simulated world; beside the port, what visitors and accidents do. */
export interface FakeRouter extends Router {
  /** One visitor's request. 404: unknown host; 503: no server; 502: the server did not accept it. */
  visit(host: string): Omit<ProbeAnswer, 'ms' | 'sent'> & { readonly server: string | null };
  /** Opens (or, negative, closes) long requests at a server of a backend. */
  hold(app: string, key: string, server: string, requests: number): void;
  /** It comes back with an empty table. */
  loseState(): void;
  /** While true every call fails with `router_away`. */
  setAway(away: boolean): void;
  /** The certificates it was given, by digest. */
  readonly certificates: ReadonlyMap<string, string>;
  /** Every table it took, oldest first. */
  readonly tables: readonly Table[];
}

interface Place {
  readonly app: string;
  readonly backend: TableBackend;
  readonly role: BackendReport['role'];
  requests: number;
  dropped: number;
  turn: number;
}

export function createFakeRouter(engine: Pick<FakeEngine, 'answer'>): FakeRouter {
  const tables: Table[] = [];
  const certificates = new Map<string, string>();
  const held = new Map<string, number>();
  let places: Place[] = [];
  let applied = { epoch: 0, seq: 0 };
  let newestEpoch = 0;
  let isAway = false;

  const heldBy = (app: string, key: string, server: string): number =>
    held.get(`${app} ${key} ${server}`) ?? 0;
  const sessionsOf = ({ app, backend }: Place): number =>
    backend.servers.reduce((sum, server) => sum + heldBy(app, backend.key, server.id), 0);

  async function act<T>(signal: AbortSignal, effect: () => T): Promise<T> {
    signal.throwIfAborted();
    await Promise.resolve();
    if (isAway) throw PlatformError.of('router_away', {});
    return effect();
  }

  function apply(table: Table): void {
    if (table.epoch < newestEpoch || (table.epoch === applied.epoch && table.seq < applied.seq))
      throw PlatformError.of('fenced', { epoch: table.epoch });
    for (const { digest } of table.routes.flatMap((route) => route.certificates ?? []))
      if (!certificates.has(digest)) throw new Error(`the table names ${digest}, which was not given`);
    newestEpoch = table.epoch;
    applied = { epoch: table.epoch, seq: table.seq };
    tables.push(table);
    const before = new Map(places.map((place) => [`${place.app} ${place.backend.key}`, place]));
    const wanted = table.routes.flatMap((route) =>
      (['serving', 'staged'] as const).flatMap((role) => {
        const backend = route[role];
        if (backend === null) return [];
        const old = before.get(`${route.app} ${backend.key}`);
        before.delete(`${route.app} ${backend.key}`);
        const counters = { requests: old?.requests ?? 0, dropped: old?.dropped ?? 0, turn: old?.turn ?? 0 };
        return [{ app: route.app, backend, role, ...counters }];
      }),
    );
    const draining = [...before.values()].map((place) => ({ ...place, role: 'draining' as const }));
    places = [...wanted, ...draining];
    sweep();
  }

  /** A drained backend without requests is free for others. */
  function sweep(): void {
    places = places.filter((place) => place.role !== 'draining' || sessionsOf(place) > 0);
  }

  function ask(place: Place | undefined): Omit<ProbeAnswer, 'ms' | 'sent'> & { server: string | null } {
    if (place === undefined || place.backend.servers.length === 0)
      return { status: 503, byApp: false, server: null };
    place.requests += 1;
    place.turn += 1;
    const server = place.backend.servers[place.turn % place.backend.servers.length];
    const status = server === undefined ? null : engine.answer(server.address, server.port);
    if (status !== null) return { status, byApp: true, server: server?.id ?? null };
    place.dropped += 1;
    return { status: 502, byApp: false, server: server?.id ?? null };
  }

  return {
    tables,
    certificates,
    visit(host) {
      const route = tables.at(-1)?.routes.find((r) => r.hosts.includes(host));
      if (route === undefined || places.length === 0) return { status: 404, byApp: false, server: null };
      if (route.maintenance === true) return { status: 503, byApp: false, server: null };
      return ask(places.find((place) => place.app === route.app && place.role === 'serving'));
    },
    hold(app, key, server, requests) {
      held.set(`${app} ${key} ${server}`, heldBy(app, key, server) + requests);
      sweep();
    },
    loseState() {
      places = [];
      applied = { epoch: 0, seq: 0 };
    },
    setAway(away) {
      isAway = away;
    },
    apply: (table, signal) => act(signal, () => apply(table)),
    lacking: (digests, signal) => act(signal, () => digests.filter((digest) => !certificates.has(digest))),
    entrust: (bundle, signal) =>
      act(signal, () => {
        const text = bundle.reveal();
        if (!text.includes('PRIVATE KEY')) return false;
        certificates.set(digestOf(text), text);
        return true;
      }),
    applied: (signal) => act(signal, () => applied),
    probe: ({ app, which }, signal) =>
      act(signal, () => {
        const { status, byApp } = ask(places.find((place) => place.app === app && place.role === which));
        return { status, byApp, ms: 1, sent: 1 };
      }),
    backends: (of, signal) =>
      act(signal, () =>
        places
          .filter(({ app }) => of === 'all' || of.includes(app))
          .map((place) => ({
            app: place.app,
            key: place.backend.key,
            role: place.role,
            sessions: sessionsOf(place),
            requests: place.requests,
            dropped: place.dropped,
            servers: place.backend.servers.map(({ id }) => ({
              id,
              sessions: heldBy(place.app, place.backend.key, id),
            })),
          })),
      ),
  };
}
