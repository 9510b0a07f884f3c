import { buildEvent, copied, type BuildRequest } from '../../../builder/contract.ts';
import { callJson, callLines } from '../../../lib/local-http.ts';
import { PlatformError } from '../../domain/errors.ts';
import { STACK_REPOSITORY } from '../../domain/release.ts';
import type { Builder, BuildNews, BuildOrder } from '../../ports/builder.ts';

const CACHE_MS = 60_000;
/** Where the registry cannot do it by itself, the image is carried; and pushes wait for a sweep of its disk. */
const COPY_MS = 15 * 60_000;

export interface BuilderClientOptions {
  readonly socket: string;
  /** The longest a build may take, and how much of its output is kept. */
  readonly limits: BuildRequest['limits'];
}

/** The builder behind its unix socket. Leaving `build` closes the connection, which cancels the build. */
export function createBuilderClient({ socket, limits }: BuilderClientOptions): Builder {
  async function onCache(method: 'PUT' | 'DELETE', appId: string, signal: AbortSignal): Promise<void> {
    try {
      await callJson({ socket, method, path: `/caches/${encodeURIComponent(appId)}` }, CACHE_MS, signal);
    } catch (err) {
      signal.throwIfAborted();
      throw PlatformError.of('builder_away', {}, err);
    }
  }

  return {
    async *build(order, signal) {
      const body = requestFor(order, limits);
      try {
        for await (const line of callLines({ socket, method: 'POST', path: '/builds', body }, signal)) {
          const news = newsOf(line);
          if (news === undefined) continue;
          yield news;
          if (news.kind === 'built' || news.kind === 'failed') return;
        }
      } catch (err) {
        signal.throwIfAborted();
        throw PlatformError.of('builder_away', {}, err);
      }
      throw PlatformError.of('builder_away', {}, new Error('the build ended without a result'));
    },
    async lendStack(token, signal) {
      const body = { target: { repository: STACK_REPOSITORY, token } };
      for await (const line of callLines({ socket, method: 'PUT', path: '/stack', body }, signal)) {
        const event = buildEvent.parse(line);
        if (event.kind === 'stack') return;
        if (event.kind === 'failed') throw PlatformError.of('builder_away', {}, new Error(event.message));
      }
      throw PlatformError.of('builder_away', {}, new Error('the stack was not lent to its end'));
    },
    async copy({ from, to, digest, token }, signal) {
      const body = { from, digest, target: { repository: to, token } };
      try {
        const answer = await callJson({ socket, method: 'POST', path: '/copies', body }, COPY_MS, signal);
        return copied.parse(answer).there;
      } catch (err) {
        signal.throwIfAborted();
        throw PlatformError.of('builder_away', {}, err);
      }
    },
    renewCache: (appId, signal) => onCache('PUT', appId, signal),
    forget: (appId, signal) => onCache('DELETE', appId, signal),
  };
}

function requestFor(order: BuildOrder, limits: BuildRequest['limits']): BuildRequest {
  return {
    id: order.id,
    cacheKey: order.appId,
    archive: order.archive,
    env: Object.fromEntries([...order.config].map(([key, value]) => [key, value.reveal()])),
    sourceVersion: order.commit,
    buildpack: order.buildpack,
    target: { repository: order.repository, token: order.token },
    limits,
  };
}

function newsOf(line: unknown): BuildNews | undefined {
  const event = buildEvent.parse(line);
  return event.kind === 'stack' ? undefined : event;
}
