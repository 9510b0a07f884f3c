import type { Host } from '../domain/host.ts';

/** The machines of the platform: one today. */
export interface Hosts {
  list(signal: AbortSignal): Promise<readonly Host[]>;
}
