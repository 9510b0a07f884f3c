import { collected, registryMoment, swept } from '../../../builder/contract.ts';
import { callJson, LocalHttpError, type LocalCall } from '../../../lib/local-http.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { ImageRegistry, RegistryTokens } from '../../ports/registry.ts';

const SMALL_MS = 10_000;
/** Pushes are waited for, and a repository that was never cleared may hold thousands of images. */
const COLLECT_MS = 120_000;
const SWEEP_MS = 180_000;

/** The registry's housekeeping, done by the builder: it alone pushes, so it alone knows when nobody does. */
export function createImageRegistry({
  socket,
  tokens,
}: {
  readonly socket: string;
  readonly tokens: Pick<RegistryTokens, 'collectToken'>;
}): ImageRegistry {
  async function ask(
    call: Omit<LocalCall, 'socket'>,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    try {
      return await callJson({ socket, ...call }, limitMs, signal);
    } catch (err) {
      signal.throwIfAborted();
      if (err instanceof LocalHttpError) {
        if (err.status === 409) return 'busy';
        throw err;
      }
      throw PlatformError.of('builder_away', {}, err);
    }
  }

  return {
    async moment(signal) {
      return registryMoment.parse(await ask({ method: 'GET', path: '/registry' }, SMALL_MS, signal));
    },
    async collect({ repository, keep, moment }, signal) {
      const body = { repository, keep, moment, token: tokens.collectToken(repository) };
      const answer = await ask({ method: 'POST', path: '/registry/collection', body }, COLLECT_MS, signal);
      return answer === 'busy' ? answer : collected.parse(answer).removed;
    },
    async sweep(signal) {
      const answer = await ask({ method: 'POST', path: '/registry/sweep' }, SWEEP_MS, signal);
      return answer === 'busy' ? answer : swept.parse(answer).layers;
    },
  };
}
