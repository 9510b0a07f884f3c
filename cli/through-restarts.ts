import { pause } from '../lib/deadline.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import type { Context } from './command.ts';

const AGAIN_MS = 300;
/** A server that was started anew is back in a fraction of this. */
const AWAY_MS = 60_000;
/** What a router or proxy says of a server that is away. */
const AWAY = new Set([502, 503, 504]);

/**
 * Looks at what goes on without us, again and again while the server is away: what it has begun, it goes on with when it is
 * back, so whoever follows that waits for its return. Throws what `look` throws once it stays away.
 */
export async function throughRestarts<T>(
  { signal, now }: Pick<Context, 'signal' | 'now'>,
  look: () => Promise<T>,
): Promise<T> {
  for (const until = now().getTime() + AWAY_MS; ;) {
    try {
      return await look();
    } catch (err) {
      const away = err instanceof UnreachableError || (err instanceof ApiError && AWAY.has(err.status));
      if (signal.aborted || !away || now().getTime() > until) throw err;
      await pause(AGAIN_MS, signal);
    }
  }
}
