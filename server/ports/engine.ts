import type { Instance } from '../domain/instance.ts';
import type { BuiltImage, ConfigVars } from '../domain/release.ts';

/** What an instance is to be. Its name is derived from app, deployment, type, number and attempt: starting twice makes one. */
export interface InstanceSpec {
  readonly app: AppPlace;
  readonly seq: number;
  readonly release: number;
  readonly type: string;
  readonly number: number;
  readonly attempt: number;
  readonly image: BuiltImage;
  /** Null: the image's own entry point and command. */
  readonly argv: readonly string[] | null;
  /** The user's config; the engine adds PORT, DYNO and the like, which win. */
  readonly config: ConfigVars;
  /** What the platform says to the process, e.g. PORT and DYNO. */
  readonly platformEnv: ReadonlyMap<string, string>;
  /** The port it will listen on; null for types that are not routed. */
  readonly port: number | null;
  readonly size: { readonly memoryMb: number; readonly cpus: number; readonly pids: number };
}

export interface AppPlace {
  readonly id: string;
  readonly name: string;
  readonly network: number;
}

/** As found: `starting` means running; whether it is ready is for the controller to find out. */
export type FoundInstance = Instance & { readonly state: 'created' | 'starting' | 'crashed' };

export interface LogLine {
  readonly at: Date;
  /** `app` for what a process printed, `gantry` for what the platform did with it. */
  readonly source: 'app' | 'gantry';
  readonly instance: string;
  readonly text: string;
}

/**
 * The engine that runs instances: Docker on one host today, a pool of hosts later.
 * Every method is idempotent: what is there is not made again, what is gone is not an error.
 */
export interface Engine {
  /** Every instance of this platform, of all apps and hosts, dead ones included until removed. */
  find(signal: AbortSignal): Promise<readonly FoundInstance[]>;
  /** Makes sure that the app's network and the image are there. `pullToken` may pull that image. */
  prepare(app: AppPlace, image: BuiltImage, pullToken: string, signal: AbortSignal): Promise<void>;
  /** Creates (unless there) and starts, unless it was started before: what has ended stays ended, so that nothing runs twice. */
  start(spec: InstanceSpec, signal: AbortSignal): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceSeconds`; resolves when it has ended. */
  stop(instanceId: string, graceSeconds: number, signal: AbortSignal): Promise<void>;
  /** Removes an instance, killing it if it still runs. Its last lines stay readable (`AppLogs`). */
  remove(instanceId: string, signal: AbortSignal): Promise<void>;
  /** The last lines an instance printed, oldest first. */
  tail(instanceId: string, lines: number, signal: AbortSignal): Promise<readonly string[]>;
  /** All that an instance prints, from its start until it has ended; nothing when it is not there. */
  output(instanceId: string, signal: AbortSignal): AsyncIterable<string>;
  /** Removes what an app leaves behind: its network, and the last lines of its instances, which must be gone. */
  forget(appId: string, signal: AbortSignal): Promise<void>;
  /** Yields whenever something about our instances may have changed; ends or throws when the engine goes away. */
  changes(signal: AbortSignal): AsyncIterable<void>;
  /** Removes the images of this platform's apps that are not among `keep` (`repository@digest`) and not in use. */
  collectImages(keep: ReadonlySet<string>, signal: AbortSignal): Promise<number>;
  /** Makes the isolation rules true again (networks cannot reach the platform's own services or each other). */
  isolate(signal: AbortSignal): Promise<void>;
}

/** What an instance takes of its machine. */
export interface Usage {
  /** `web.1`. */
  readonly instance: string;
  /** Without what the machine would give back at once: the cache of files. */
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  /** Processor time since its start. */
  readonly cpuSeconds: number;
}

/** Asking what processes take. */
export interface AppUsage {
  /** Of every instance of an app that runs at this moment. */
  usage(appId: string, signal: AbortSignal): Promise<readonly Usage[]>;
}

/** Reading what processes printed. */
export interface AppLogs {
  /**
   * The last `lines` lines of an app's instances in time order, then new ones for as long as `follow` holds. Of
   * instances that are gone as many lines are there as are kept (`KEPT`), until the app is forgotten.
   */
  read(
    query: {
      readonly appId: string;
      readonly lines: number;
      readonly follow: boolean;
      readonly type?: string;
      readonly number?: number;
    },
    signal: AbortSignal,
  ): AsyncIterable<LogLine>;
}
