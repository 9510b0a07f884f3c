import { join } from 'node:path';
import { bareEnvironment, type Context } from '../context.ts';
import { directory } from '../home.ts';
import type { Part } from '../part.ts';
import { redisAnswers } from '../probes.ts';
import { partUser } from '../users.ts';
import { STOPS, markOf } from '../stopping.ts';

/** Redis for the queue, on a unix socket only. Losing it costs nothing but time: the database is the truth. */
export async function redisPart({ home, addresses }: Context, signal: AbortSignal): Promise<Part> {
  const data = join(home.root, 'redis');
  const sockets = join(home.run, 'redis');
  const user = await partUser('redis', signal);
  const settings = {
    port: '0',
    unixsocket: join(sockets, 'redis.sock'),
    unixsocketperm: '700',
    dir: data,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction', // a queue that evicts is a queue that forgets
    daemonize: 'no',
    'set-proc-title': 'no', // its title would overwrite the mark by which a process of ours is found
  };
  return {
    name: 'redis',
    title: 'queue',
    needs: [],
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    env: { ...bareEnvironment(), ...markOf(home, 'redis') },
    user,
    async prepare() {
      await directory(sockets, 0o700, user);
      await directory(data, 0o700, user);
    },
    probe: (inner) => redisAnswers(addresses.redis, inner),
    stop: STOPS.redis,
    readyMs: 60_000,
    whenHung: 'restart',
    version: '1',
  };
}
