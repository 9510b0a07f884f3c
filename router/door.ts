import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { KnownError, messageOf } from '../lib/errors.ts';
import { readJson, sendJson, type LocalHandler } from '../lib/local-http.ts';
import type { Logger } from '../lib/log.ts';
import type { Secret } from '../lib/secret.ts';
import type { Applier } from './applier.ts';
import {
  backendsAsked,
  bundle,
  digests,
  probeRequest,
  routingTable,
  visitsAsked,
  type ProbeAnswer,
  type VisitPage,
} from './contract.ts';
import { RouterError } from './errors.ts';
import type { Journal } from './journal.ts';
import { probe } from './probe.ts';
import type { Vault } from './vault.ts';

/** A table of 20,000 routes is about 6 MB. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

const STATUS: Readonly<Record<string, number>> = {
  stale_table: 409,
  table_differs: 409,
  invalid_request: 400,
  certificate_refused: 400,
  certificate_lacking: 422,
  nothing_to_probe: 404,
};

interface DoorDeps {
  readonly applier: Applier;
  readonly vault: Vault;
  readonly journal: Journal;
  /** The socket of each router process, in the order of their slots. */
  readonly sockets: readonly string[];
  readonly port: number;
  readonly probeKey: Secret;
  readonly log: Logger;
  /** Aborts when the router ends. */
  readonly signal: AbortSignal;
}

async function parse<T extends z.ZodType>(schema: T, req: IncomingMessage): Promise<z.infer<T>> {
  let body: unknown;
  try {
    body = await readJson(req, MAX_TABLE_BYTES);
  } catch (err) {
    throw RouterError.of('invalid_request', { problem: messageOf(err) }, err);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // The path names the route (`routes.3.hosts.0`), so that the sender can leave out the one that does not fit.
  const problem = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    .join('; ');
  throw RouterError.of('invalid_request', { problem });
}

/** The router's API on its own socket: contract.ts says what it promises. */
export function createDoor(deps: DoorDeps): LocalHandler {
  const { applier, vault, journal, sockets, port, probeKey, log, signal } = deps;

  async function visits(req: IncomingMessage): Promise<VisitPage> {
    const { after, limit, waitMs } = await parse(visitsAsked, req);
    const page = journal.read(after, limit);
    if (page.visits.length > 0 || page.lost.length > 0) return page;
    await journal.wait(waitMs, signal);
    return journal.read(page.mark, limit);
  }

  async function probed(req: IncomingMessage): Promise<ProbeAnswer> {
    const asked = await parse(probeRequest, req);
    const place = applier.placeOf(asked.app, asked.which);
    // Without a place a serving probe meets the page that visitors meet; a staged one has nothing to meet.
    if (place === undefined && asked.which === 'staged')
      throw RouterError.of('nothing_to_probe', { app: asked.app, which: asked.which });
    return probe(asked, { sockets, port, key: probeKey, place }, signal);
  }

  async function answer(req: IncomingMessage): Promise<unknown> {
    switch (`${req.method ?? ''} ${req.url ?? ''}`) {
      case 'PUT /table':
        return { version: await applier.apply(await parse(routingTable, req), signal) };
      case 'PUT /certificates':
        return { digest: await applier.keep((await parse(bundle, req)).pem) };
      case 'POST /certificates/lacking':
        return { digests: vault.lacks((await parse(digests, req)).digests) };
      case 'POST /probe':
        return probed(req);
      case 'GET /backends':
        return applier.backends('all', signal);
      case 'POST /backends':
        return applier.backends(new Set((await parse(backendsAsked, req)).apps), signal);
      case 'POST /visits':
        return visits(req);
      case 'GET /status':
        return applier.status();
      default:
        return undefined;
    }
  }

  return async (req: IncomingMessage, res: ServerResponse) => {
    try {
      const body = await answer(req);
      if (body === undefined) sendJson(res, 404, { message: 'The router has no such path.' });
      else sendJson(res, 200, body);
    } catch (err) {
      if (!(err instanceof KnownError)) throw err;
      const status = STATUS[err.id] ?? 503;
      if (status === 503) log.warn({ err, url: req.url }, 'could not do what was asked');
      sendJson(res, status, { id: err.id, message: err.message });
    }
  };
}
