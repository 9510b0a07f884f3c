import { z } from 'zod';
import { LocalHttpError, callJson } from '../lib/local-http.ts';
import { socketOf } from './probes.ts';

/**
 * The few questions the supervisor asks an engine itself: what of this platform runs in it, and to end and remove
 * that. Everything else about containers belongs to the server's controller.
 */
export interface Docker {
  running(filter: string | undefined, signal: AbortSignal): Promise<readonly string[]>;
  all(filter: string, signal: AbortSignal): Promise<readonly string[]>;
  /** The names of containers, running or not, that do not carry the label. */
  others(label: string, signal: AbortSignal): Promise<readonly string[]>;
  stop(container: string, graceSeconds: number, signal: AbortSignal): Promise<void>;
  remove(container: string, signal: AbortSignal): Promise<void>;
  networks(filter: string, signal: AbortSignal): Promise<readonly string[]>;
  removeNetwork(id: string, signal: AbortSignal): Promise<void>;
  /** Removes what was fetched from these repositories (`host:port/name`), and nothing else. */
  removeImagesOf(repositories: ReadonlySet<string>, signal: AbortSignal): Promise<void>;
  info(signal: AbortSignal): Promise<EngineInfo>;
}

const ids = z.array(z.object({ Id: z.string() }));
const containers = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);
const images = z.array(
  z.object({
    Id: z.string(),
    RepoDigests: z.array(z.string()).nullish(),
  }),
);
const engineInfo = z.object({
  ServerVersion: z.string(),
  LiveRestoreEnabled: z.boolean().default(false),
  LoggingDriver: z.string().default(''),
  DefaultAddressPools: z.array(z.object({ Base: z.string(), Size: z.int() })).nullish(),
  RuncCommit: z.object({ ID: z.string() }).optional(),
  ContainersRunning: z.int(),
  KernelVersion: z.string().default(''),
  Swarm: z.object({ LocalNodeState: z.string() }).optional(),
});
export type EngineInfo = z.infer<typeof engineInfo>;

export const labelOf = (id: string): string => `gantry.platform=${id}`;

export function createDocker(address: string): Docker {
  const socket = socketOf(address);
  const call = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<unknown> => callJson({ socket, method, path }, timeoutMs, signal);
  const filtered = (filters: Record<string, string[]>): string => encodeURIComponent(JSON.stringify(filters));
  const gone = (err: unknown): void => {
    // 304: stopped already, 404: removed already, 409: its removal is under way.
    if (!(err instanceof LocalHttpError && [304, 404, 409].includes(err.status))) throw err;
  };
  const list = async (
    filters: Record<string, string[]>,
    all: 'all' | 'running',
    signal: AbortSignal,
  ): Promise<string[]> => {
    const path = `/containers/json?all=${all === 'all' ? 1 : 0}&filters=${filtered(filters)}`;
    return ids.parse(await call('GET', path, 15_000, signal)).map((one) => one.Id);
  };
  return {
    running: (filter, signal) => list(filter === undefined ? {} : { label: [filter] }, 'running', signal),
    all: (filter, signal) => list({ label: [filter] }, 'all', signal),
    async others(label, signal) {
      const all = containers.parse(await call('GET', '/containers/json?all=1', 15_000, signal));
      return all
        .filter(({ Labels }) => !Object.entries(Labels ?? {}).some((pair) => pair.join('=') === label))
        .map(({ Id, Names }) => Names?.[0]?.slice(1) ?? Id.slice(0, 12)); // "/name" is how the engine says it
    },
    async stop(container, graceSeconds, signal) {
      await call(
        'POST',
        `/containers/${container}/stop?t=${graceSeconds}`,
        (graceSeconds + 30) * 1000,
        signal,
      ).catch(gone);
    },
    async remove(container, signal) {
      await call('DELETE', `/containers/${container}?force=1&v=1`, 60_000, signal).catch(gone);
    },
    async networks(filter, signal) {
      return ids
        .parse(await call('GET', `/networks?filters=${filtered({ label: [filter] })}`, 15_000, signal))
        .map((one) => one.Id);
    },
    async removeNetwork(id, signal) {
      await call('DELETE', `/networks/${id}`, 30_000, signal).catch(gone);
    },
    async removeImagesOf(repositories, signal) {
      const present = images.parse(await call('GET', '/images/json', 30_000, signal));
      const names = present.flatMap((image) => image.RepoDigests ?? []);
      for (const name of names.filter((one) => repositories.has(one.slice(0, one.indexOf('@'))))) {
        await call('DELETE', `/images/${encodeURIComponent(name)}`, 60_000, signal).catch(gone);
      }
    },
    info: async (signal) => engineInfo.parse(await call('GET', '/info', 10_000, signal)),
  };
}
