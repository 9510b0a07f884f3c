import { z } from 'zod';
import { instanceName } from '../../domain/instance.ts';
import type { AppUsage, Usage } from '../../ports/engine.ts';
import { orMissing, type DockerClient } from './client.ts';
import type { Observer } from './observe.ts';

/**
 * The engine's numbers for one container, as far as we read them: of one that has ended there are none. Of the cache of
 * files control groups v1 say `total_inactive_file`, v2 `inactive_file`.
 */
const numbers = z.object({
  memory_stats: z.object({
    usage: z.number(),
    limit: z.number(),
    stats: z.object({ inactive_file: z.number().optional(), total_inactive_file: z.number().optional() }),
  }),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
});

const NANOSECONDS = 1e9;

/** What the containers of an app take; one that goes meanwhile is left out. */
export function createUsage(client: DockerClient, observer: Pick<Observer, 'findOf'>): AppUsage['usage'] {
  async function of(id: string, instance: string, signal: AbortSignal): Promise<Usage[]> {
    // One look, without the second one that the engine's own percentages need.
    const answer = await orMissing(
      client.call(signal, (docker, abortSignal) => {
        const options = { stream: false, 'one-shot': true, abortSignal } as const;
        return docker.getContainer(id).stats(options);
      }),
    );
    return usageOf(instance, answer);
  }

  return async (appId, signal) => {
    const voices = await observer.findOf(appId, signal);
    const running = voices.filter(({ state, run }) => state === 'starting' && run === undefined);
    const found = await Promise.all(running.map((one) => of(one.id, instanceName(one), signal)));
    return found.flat().toSorted((a, b) => a.instance.localeCompare(b.instance, 'en', { numeric: true }));
  };
}

/** None of a container that has ended, of which the engine says numbers without a meaning. */
export function usageOf(instance: string, answer: unknown): Usage[] {
  const parsed = numbers.safeParse(answer);
  if (!parsed.success) return [];
  const { usage, limit, stats } = parsed.data.memory_stats;
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return [
    {
      instance,
      memoryBytes: Math.max(0, usage - cache),
      memoryLimitBytes: limit,
      cpuSeconds: parsed.data.cpu_stats.cpu_usage.total_usage / NANOSECONDS,
    },
  ];
}
