import { Redis } from 'ioredis';
import type { Logger } from './log.ts';
import { messageOf } from './errors.ts';

/** The longest wait before the next try to reach a Redis that is away. */
const RECONNECT_CAP_MS = 1_000;

export interface RedisLimits {
  /** How often a command is tried again over a new connection; null: for ever. */
  readonly maxRetriesPerRequest: number | null;
  /** A command without answer fails after this many milliseconds. */
  readonly commandTimeout?: number;
}

/**
 * A connection that comes back by itself for as long as it takes, and says so only when that changes.
 * `url` is `redis://…`, `rediss://…`, or `unix:///path` for a socket. It connects at once; close it with `disconnect()`.
 */
export function connectRedis(url: string, log: Logger, options: RedisLimits): Redis {
  const { protocol, pathname } = new URL(url);
  const all = {
    connectTimeout: 5_000,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_CAP_MS),
    ...options,
  };
  const redis =
    protocol === 'unix:' ? new Redis({ ...all, path: decodeURIComponent(pathname) }) : new Redis(url, all);
  let away = false;
  redis.on('error', (err: unknown) => {
    // A pool of addresses that all refused comes as an AggregateError without a message of its own.
    if (!away)
      log.warn({ reason: messageOf(err) || 'no connection' }, 'redis is away; will connect when it is back');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('redis is back');
    away = false;
  });
  return redis;
}
