/** One running copy of a process type, `web.1`; found again from the engine after any restart of ours. */
export interface Instance {
  /** The engine's id. */
  readonly id: string;
  readonly appId: string;
  /** The deployment it belongs to, by number. */
  readonly seq: number;
  readonly release: number;
  readonly type: string;
  readonly number: number;
  /** How often this place was filled before, in this deployment: the back-off grows with it. */
  readonly attempt: number;
  readonly host: string;
  /** Where the router reaches it; null until it has one. */
  readonly address: string | null;
  readonly port: number | null;
  readonly state: InstanceState;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly exit: Exit | null;
}

export interface Exit {
  readonly code: number;
  readonly outOfMemory: boolean;
}

/** `created`: made, never started (we died in between). `stopping`: was told to end. */
export type InstanceState = 'created' | 'starting' | 'ready' | 'stopping' | 'crashed';

/** `web.1` */
export function instanceName(instance: Pick<Instance, 'type' | 'number'>): string {
  return `${instance.type}.${instance.number}`;
}

/** The size of one instance; one size until sizes can be chosen. */
export const SMALL = { name: 'small', memoryMb: 512, cpus: 1, pids: 256 } as const;
