import { callJson, LocalHttpError, type LocalCall } from '../../../lib/local-http.ts';
import {
  backendStates,
  digests,
  probeAnswer,
  routerStatus,
  visitPage,
  type RoutingTable,
} from '../../../router/contract.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Router, Table } from '../../ports/router.ts';
import type { VisitSource } from '../../ports/visits.ts';

/** Applying may have to wait for a router process that is being restarted. */
const APPLY_MS = 15_000;
const ASK_MS = 5_000;
/** What the call takes beyond the probe itself. */
const PROBE_SLACK_MS = 2_000;
/** Visits are waited for so long, and taken so many at a time. */
const VISITS_MS = 20_000;
const VISITS = 1_000;

/** The router behind its unix socket. A router that is away or fails is `router_away`; one that refuses our words is a bug. */
export function createRouterClient(options: { readonly socket: string }): Router & VisitSource {
  async function ask(
    call: Omit<LocalCall, 'socket'>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    try {
      return await callJson({ socket: options.socket, ...call }, timeoutMs, signal);
    } catch (err) {
      signal.throwIfAborted();
      if (err instanceof LocalHttpError && err.status < 500) throw err;
      throw PlatformError.of('router_away', {}, err);
    }
  }

  return {
    async apply(table, signal) {
      try {
        await ask({ method: 'PUT', path: '/table', body: onTheWire(table) }, APPLY_MS, signal);
      } catch (err) {
        if (err instanceof LocalHttpError && err.status === 409)
          throw PlatformError.of('fenced', { epoch: table.epoch }, err);
        throw err;
      }
    },
    async lacking(wanted, signal) {
      const call = { method: 'POST', path: '/certificates/lacking', body: { digests: wanted } } as const;
      return digests.parse(await ask(call, ASK_MS, signal)).digests;
    },
    async entrust(bundle, signal) {
      try {
        await ask({ method: 'PUT', path: '/certificates', body: { pem: bundle.reveal() } }, ASK_MS, signal);
        return true;
      } catch (err) {
        if (err instanceof LocalHttpError && err.status === 400) return false;
        throw err;
      }
    },
    async applied(signal) {
      return routerStatus.parse(await ask({ method: 'GET', path: '/status' }, ASK_MS, signal)).version;
    },
    async probe(request, signal) {
      const timeoutMs = request.timeoutMs + PROBE_SLACK_MS;
      const answer = await ask({ method: 'POST', path: '/probe', body: request }, timeoutMs, signal);
      return probeAnswer.parse(answer);
    },
    async backends(of, signal) {
      const call =
        of === 'all'
          ? ({ method: 'GET', path: '/backends' } as const)
          : ({ method: 'POST', path: '/backends', body: { apps: of } } as const);
      return backendStates.parse(await ask(call, ASK_MS, signal));
    },
    async visits(after, signal) {
      const call = {
        ...({ method: 'POST', path: '/visits' } as const),
        body: { after, limit: VISITS, waitMs: VISITS_MS },
      };
      const page = visitPage.parse(await ask(call, VISITS_MS + ASK_MS, signal));
      return {
        mark: page.mark,
        visits: page.visits.map(({ at, ...visit }) => ({ ...visit, at: new Date(at / 1000) })),
        lost: page.lost.map(({ since, ...loss }) => ({ ...loss, since: new Date(since) })),
      };
    },
  };
}

function onTheWire({ epoch, seq, routes }: Table): RoutingTable {
  return {
    version: { epoch, seq },
    routes: routes.map(({ app, hosts, tlsHosts, certificates, maintenance, affinity, serving, staged }) => ({
      app,
      hosts: [...hosts],
      ...(tlsHosts && { tlsHosts: [...tlsHosts] }),
      ...(certificates && { certificates: [...certificates] }),
      ...(maintenance !== undefined && { maintenance }),
      ...(affinity !== undefined && { affinity }),
      serving: serving && { key: serving.key, servers: [...serving.servers] },
      staged: staged && { key: staged.key, servers: [...staged.servers] },
    })),
  };
}
