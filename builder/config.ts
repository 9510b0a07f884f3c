import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Address } from './door.ts';

const address = z
  .string()
  .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'must be host:port')
  .transform((text): Address => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
  });
const path = z.string().startsWith('/');
const DEFAULT_CA = '/etc/ssl/certs/ca-certificates.crt';

const schema = z.object({
  GANTRY_HOME: path,
  GANTRY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  GANTRY_BUILD_DOCKER_HOST: z.string().regex(/^unix:\/\/\//, 'must be unix:///path/of/a.sock'),
  GANTRY_REGISTRY: address,
  GANTRY_BUILD_REGISTRY: address,
  /** Certificates that builds and apps on the stack trust; empty: those of the distribution only. */
  GANTRY_CA_BUNDLE: z.union([path, z.literal('')]).optional(),
  /** Where the parts of the stack image are kept; several platforms may share it. */
  GANTRY_STACK_CACHE: path.optional(),
  /** The configuration file of the managed registry; without it the registry is somebody else's, and so is its disk. */
  GANTRY_REGISTRY_CONFIG: path.optional(),
  /** The build cache is shrunk to this many gigabytes. */
  GANTRY_BUILD_CACHE_GB: z.coerce.number().positive().default(10),
});

/** Everything the builder is told by its environment; the only place that reads it. */
export interface BuilderConfig {
  readonly socket: string;
  readonly logLevel: string;
  readonly engineSocket: string;
  readonly registry: Address;
  readonly buildRegistry: Address;
  readonly caBundle: string | null;
  readonly stackCache: string;
  /** Remembers which tenants' build caches were thrown away. */
  readonly cacheNames: string;
  readonly cacheBytes: number;
  readonly registryConfig: string | null;
  /** The folder `buildpacks` of the program. */
  readonly buildpacks: string;
}

/** Parses the environment; throws with one line per variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): BuilderConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    throw new Error(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  }
  const set = parsed.data;
  const caBundle = set.GANTRY_CA_BUNDLE ?? (existsSync(DEFAULT_CA) ? DEFAULT_CA : '');
  return Object.freeze({
    socket: join(set.GANTRY_HOME, 'run', 'builder.sock'),
    logLevel: set.GANTRY_LOG_LEVEL,
    engineSocket: set.GANTRY_BUILD_DOCKER_HOST.replace('unix://', ''),
    registry: set.GANTRY_REGISTRY,
    buildRegistry: set.GANTRY_BUILD_REGISTRY,
    caBundle: caBundle === '' ? null : caBundle,
    stackCache: set.GANTRY_STACK_CACHE ?? join(set.GANTRY_HOME, 'stack'),
    cacheNames: join(set.GANTRY_HOME, 'build-caches'),
    registryConfig: set.GANTRY_REGISTRY_CONFIG ?? null,
    cacheBytes: Math.round(set.GANTRY_BUILD_CACHE_GB * 1024 ** 3),
    buildpacks: findBuildpacks(),
  });
}

/** Beside the sources, or one level up from where they are compiled to. */
function findBuildpacks(): string {
  for (const up of ['..', '../..']) {
    const folder = join(import.meta.dirname, up, 'buildpacks');
    if (existsSync(join(folder, 'stack'))) return folder;
  }
  throw new Error('the folder buildpacks is missing from the installation');
}
