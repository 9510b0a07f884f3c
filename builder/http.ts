import type { IncomingMessage, ServerResponse } from 'node:http';
import { KnownError, messageOf } from '../lib/errors.ts';
import { readJson, sendJson, type LocalHandler } from '../lib/local-http.ts';
import type { Builds } from './build.ts';
import type { CacheNames } from './cache-names.ts';
import type { Collection } from './collection.ts';
import {
  buildRequest,
  collectionOrder,
  copyOrder,
  type Copied,
  stackRequest,
  type BuildEvent,
  type BuilderStatus,
} from './contract.ts';
import type { Copies } from './copies.ts';
import type { Engine } from './engine.ts';
import type { Stack } from './stack.ts';
import type { StackLayers } from './stack-layers.ts';

/** Config vars are 64 kB at most; the rest of a request is small. */
const MAX_BODY = 1024 * 1024;
/** An empty line now and then shows that a quiet build is alive. */
const HEARTBEAT_MS = 5000;
const CACHE = /^\/caches\/([a-z0-9][a-z0-9-]{0,62})$/;

/** The door of the builder, as contract.ts describes it. */
export function createHandler(deps: {
  builds: Builds;
  stack: Stack;
  engine: Engine;
  layers: StackLayers;
  caches: CacheNames;
  collection: Collection;
  copies: Copies;
}): LocalHandler {
  const { builds, stack, layers, caches } = deps;
  const routes: readonly Route[] = [
    {
      method: 'POST',
      path: /^\/builds$/,
      async answer(req, res) {
        const parsed = buildRequest.safeParse(await readJson(req, MAX_BODY));
        if (!parsed.success) sendJson(res, 400, { message: parsed.error.message });
        else await streaming(req, res, (emit, signal) => builds.run(parsed.data, emit, signal));
      },
    },
    {
      method: 'PUT',
      path: /^\/stack$/,
      async answer(req, res) {
        const parsed = stackRequest.safeParse((await readJson(req, MAX_BODY)) ?? {});
        if (!parsed.success) {
          sendJson(res, 400, { message: parsed.error.message });
          return;
        }
        const { target } = parsed.data;
        await streaming(req, res, async (emit, signal) => {
          const { digest } = await stack.ensure((text) => emit({ kind: 'line', text }), signal);
          if (target !== undefined) await layers.publish(digest, target, signal);
          emit({ kind: 'stack', digest });
        });
      },
    },
    {
      method: 'PUT',
      path: CACHE,
      async answer(_, res, key) {
        await caches.renew(key);
        res.writeHead(204).end();
      },
    },
    {
      method: 'DELETE',
      path: CACHE,
      async answer(_, res, key) {
        await caches.forget(key);
        res.writeHead(204).end();
      },
    },
    copyRoute(deps.copies),
    ...registryRoutes(deps.collection),
    {
      method: 'GET',
      path: /^\/status$/,
      async answer(_, res) {
        sendJson(res, 200, await whileOpen(res, (signal) => status(deps, signal)));
      },
    },
  ];
  return async (req, res) => {
    const path = new URL(req.url ?? '/', 'http://builder').pathname;
    for (const route of routes) {
      const found = req.method === route.method ? route.path.exec(path) : null;
      if (found !== null) return route.answer(req, res, found[1] ?? '');
    }
    sendJson(res, 404, { message: `no such thing: ${req.method ?? ''} ${path}` });
  };
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** `key` is what the path's parentheses hold. */
  readonly answer: (req: IncomingMessage, res: ServerResponse, key: string) => Promise<void>;
}

function copyRoute(copies: Copies): Route {
  return {
    method: 'POST',
    path: /^\/copies$/,
    async answer(req, res) {
      const parsed = copyOrder.safeParse(await readJson(req, MAX_BODY));
      if (!parsed.success) {
        sendJson(res, 400, { message: parsed.error.message });
        return;
      }
      const there = await whileOpen(res, (signal) => copies.copy(parsed.data, signal));
      sendJson(res, 200, { there } satisfies Copied);
    },
  };
}

function registryRoutes(collection: Collection): Route[] {
  const answerOr409 = (res: ServerResponse, done: object | null): void =>
    done === null ? sendJson(res, 409, { message: 'builds are in the way' }) : sendJson(res, 200, done);
  return [
    {
      method: 'GET',
      path: /^\/registry$/,
      async answer(_, res) {
        sendJson(res, 200, await collection.moment());
      },
    },
    {
      method: 'POST',
      path: /^\/registry\/collection$/,
      async answer(req, res) {
        const parsed = collectionOrder.safeParse(await readJson(req, MAX_BODY));
        if (!parsed.success) sendJson(res, 400, { message: parsed.error.message });
        else answerOr409(res, await whileOpen(res, (signal) => collection.collect(parsed.data, signal)));
      },
    },
    {
      method: 'POST',
      path: /^\/registry\/sweep$/,
      async answer(_, res) {
        answerOr409(res, await whileOpen(res, (signal) => collection.sweep(signal)));
      },
    },
  ];
}

async function status(
  { builds, stack, engine }: { builds: Builds; stack: Stack; engine: Engine },
  signal: AbortSignal,
): Promise<BuilderStatus> {
  const alive = await engine.ping(signal);
  return { engine: alive, stack: alive ? await stack.current(signal) : null, running: builds.running() };
}

/** Runs work whose signal aborts when the caller goes away before the answer is complete. */
async function whileOpen<T>(res: ServerResponse, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController();
  const leave = (): void => gone.abort(new Error('the caller went away'));
  res.once('close', leave);
  try {
    return await work(gone.signal);
  } finally {
    res.off('close', leave);
  }
}

async function streaming(
  req: IncomingMessage,
  res: ServerResponse,
  work: (emit: (event: BuildEvent) => void, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  req.resume();
  res.writeHead(200, { 'content-type': 'application/x-ndjson' });
  res.flushHeaders();
  const emit = (event: BuildEvent): void => void res.write(`${JSON.stringify(event)}\n`);
  const heartbeat = setInterval(() => res.write('\n'), HEARTBEAT_MS);
  try {
    await whileOpen(res, async (signal) => {
      try {
        await work(emit, signal);
      } catch (err) {
        if (signal.aborted) return; // nobody is there to be told
        const known =
          err instanceof KnownError ? err : { id: 'builder_fault', message: messageOf(err), retry: true };
        emit({ kind: 'failed', id: known.id, message: known.message, retry: known.retry });
      }
    });
  } finally {
    clearInterval(heartbeat);
    res.end();
  }
}
