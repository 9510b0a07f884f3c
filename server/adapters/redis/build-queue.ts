import { Queue } from 'bullmq';
import type { Logger } from '../../../lib/log.ts';
import { connectRedis } from '../../../lib/redis.ts';
import { buildQueueName, type BuildQueue } from '../../ports/queue.ts';

/** A Redis that hangs must not collect our hints for ever. */
const COMMAND_LIMIT_MS = 5_000;

/**
 * Puts one job per app into Redis, whose only content is the app's id. Waking an app that waits already adds nothing;
 * waking one that is being drained makes it be drained once more. While Redis is away hints are dropped.
 */
export function createBuildQueue({
  redisUrl,
  platformId,
  log,
}: {
  readonly redisUrl: string;
  readonly platformId: string;
  readonly log: Logger;
}): BuildQueue & AsyncDisposable {
  const connection = connectRedis(redisUrl, log, {
    commandTimeout: COMMAND_LIMIT_MS,
    maxRetriesPerRequest: 1,
  });
  const queue = new Queue(buildQueueName(platformId), { connection });
  const dropped = (err: unknown): void =>
    log.debug({ err }, 'a wake-up was lost; the builds are found anyway');
  queue.on('error', dropped); // the connection has told already

  return {
    wake(appId) {
      if (connection.status !== 'ready') return;
      const hint = { deduplication: { id: appId, keepLastIfActive: true } };
      queue.add('drain', { appId }, { ...hint, removeOnComplete: true, removeOnFail: true }).catch(dropped);
    },

    async [Symbol.asyncDispose]() {
      // Before `close`, which would wait for a Redis that is away.
      connection.disconnect();
      await queue.close().catch(dropped);
    },
  };
}
