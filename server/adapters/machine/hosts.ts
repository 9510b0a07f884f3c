import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, freemem, hostname, loadavg, platform, totalmem, uptime } from 'node:os';
import { withDeadline } from '../../../lib/deadline.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Engine } from '../../ports/engine.ts';
import type { Hosts } from '../../ports/hosts.ts';

export interface HostsOptions {
  /** What instances call this machine. Default `local`. */
  readonly name?: string;
  /** Where the platform keeps what it has. */
  readonly home: string;
  readonly engine: Pick<Engine, 'find'>;
  readonly clock: Clock;
}

/** An engine that takes longer to answer is as good as away. */
const ENGINE_MS = 3_000;

/** The machine that this process runs on, with its engine. */
export function createHosts({ name = 'local', home, engine, clock }: HostsOptions): Hosts {
  /** Undefined while the engine does not answer, for whatever reason: to be told that is why this is asked. */
  async function instances(signal: AbortSignal): Promise<number | undefined> {
    try {
      const found = await withDeadline(ENGINE_MS, signal, (late) => engine.find(late));
      return found.filter(({ host }) => host === name).length;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  return {
    async list(signal) {
      const [count, disk] = await Promise.all([instances(signal), statfs(home)]);
      return [
        {
          name,
          hostname: hostname(),
          engine: count !== undefined,
          instances: count ?? null,
          platform: platform(),
          architecture: arch(),
          cpus: availableParallelism(),
          load: loadavg()[0] ?? 0,
          memory: { totalBytes: totalmem(), freeBytes: freemem() },
          disk: { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize },
          upSince: new Date(clock.now().getTime() - uptime() * 1_000),
        },
      ];
    },
  };
}
