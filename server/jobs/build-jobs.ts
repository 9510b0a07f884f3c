import { Worker } from 'bullmq';
import { z } from 'zod';
import { abortController } from '../../lib/abort.ts';
import type { Logger } from '../../lib/log.ts';
import { connectRedis } from '../../lib/redis.ts';
import { buildQueueName } from '../ports/queue.ts';

const message = z.strictObject({ appId: z.uuid() });

/** Jobs are hints that wait for a build most of their time; how much is built at once is decided elsewhere. */
const AT_ONCE = 64;
/** A job whose process died is handed to the next one after this long. */
const LOCK_MS = 5_000;
/** Each death of a process counts; a hint is harmless however often it comes. */
const STALLED_AT_MOST = 1_000_000;

/**
 * The door of the queue: every hint becomes one `drain` of the app it names. A drain that throws is logged; the builds it
 * left are found again by whoever looks for waiting ones. Disposal aborts the drains and waits for them.
 */
export function createBuildJobs({
  redisUrl,
  platformId,
  log,
  drain,
}: {
  readonly redisUrl: string;
  readonly platformId: string;
  readonly log: Logger;
  readonly drain: (appId: string, signal: AbortSignal) => Promise<void>;
}): AsyncDisposable {
  const stop = abortController();
  const running = new Set<Promise<void>>();

  async function attend(data: unknown): Promise<void> {
    const parsed = message.safeParse(data);
    if (!parsed.success) {
      log.warn({ issues: parsed.error.issues.length }, 'a job that is not ours was dropped');
      return;
    }
    if (stop.signal.aborted) return;
    const { appId } = parsed.data;
    const drained = drain(appId, stop.signal).catch((err: unknown) => {
      if (!stop.signal.aborted) log.warn({ err, app: appId }, 'working off the builds of an app ended early');
    });
    running.add(drained);
    await drained.finally(() => running.delete(drained));
  }

  const connection = connectRedis(redisUrl, log, { maxRetriesPerRequest: null });
  const worker = new Worker(buildQueueName(platformId), (job) => attend(job.data), {
    connection,
    concurrency: AT_ONCE,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS,
    maxStalledCount: STALLED_AT_MOST,
    runRetryDelay: 1_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  // The connection has told already; and jobs that vanish with a wiped Redis are no loss.
  const said = (err: unknown): void => log.debug({ err }, 'the queue complained');
  worker.on('error', said);

  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the server is shutting down'));
      await Promise.all(running);
      // By force: an orderly end would wait for a Redis that is away. What is lost is one hint.
      await worker.close(true).catch(said);
      connection.disconnect();
    },
  };
}
