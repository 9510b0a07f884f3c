import { withDeadline } from '../../../lib/deadline.ts';
import type { ImageRegistry } from '../../ports/registry.ts';
import type { AllRegistryTokens } from './tokens.ts';

const CALL_LIMIT_MS = 10_000;

/**
 * Deletes manifests in the registry at `address` (host:port, spoken to in plain HTTP, as on loopback). Their layers stay
 * on its disk until the registry collects its garbage, which it can do only while nothing is pushed.
 */
export function createImageRegistry({
  address,
  tokens,
}: {
  readonly address: string;
  readonly tokens: Pick<AllRegistryTokens, 'deleteToken'>;
}): ImageRegistry {
  return {
    deleteImage: (repository, digest, signal) =>
      withDeadline(CALL_LIMIT_MS, signal, async (inner) => {
        const answer = await fetch(new URL(`/v2/${repository}/manifests/${digest}`, `http://${address}`), {
          method: 'DELETE',
          headers: { authorization: `Bearer ${tokens.deleteToken(repository)}` },
          signal: inner,
        });
        const text = await answer.text();
        if (!answer.ok && answer.status !== 404)
          throw new Error(
            `the registry would not delete ${repository}@${digest}: ${answer.status} ${text.slice(0, 200)}`,
          );
      }),
  };
}
