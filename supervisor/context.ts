import { join } from 'node:path';
import type { Settings } from './config.ts';
import type { Home } from './home.ts';

/** What the declarations of parts are made from: settings, places, and the addresses that follow from them. */
export interface Context {
  readonly home: Home;
  readonly settings: Settings;
  readonly addresses: Addresses;
  /** Environment of every program of ours: addresses and settings, and how to reach the outside. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of the built programs. */
  readonly dist: string;
  /** Changes with the built code. */
  readonly codeVersion: string;
}

/** Where each part answers, managed or given. */
export interface Addresses {
  readonly database: string;
  readonly redis: string;
  readonly engine: string;
  readonly buildEngine: string;
  readonly registry: string;
  readonly buildRegistry: string;
}

/** Names a process as a part of one platform, for those who look for leftovers; inherited by what it starts. */
export const SUPERVISED = 'GANTRY_SUPERVISED';

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const APPS_SOCKET = '/var/run/docker.sock';

/** The environment every child gets, before anything of its own. */
export function bareEnvironment(): Record<string, string> {
  return { PATH, LANG: 'C.UTF-8', HOME: '/root' };
}

/** The addresses of all parts: what is given, else the managed child's. */
export function addressesOf(home: Home, settings: Settings, link: { readonly host: string }): Addresses {
  const registry = settings.GANTRY_REGISTRY ?? `127.0.0.1:${settings.GANTRY_REGISTRY_PORT}`;
  const fromBuilds =
    settings.GANTRY_BUILD_DOCKER_HOST === undefined
      ? `${link.host}:${settings.GANTRY_REGISTRY_PORT}`
      : registry;
  return {
    database: settings.DATABASE_URL ?? `postgresql://gantry@localhost/gantry?host=${home.run}/postgres`,
    redis: settings.REDIS_URL ?? `unix://${home.run}/redis/redis.sock`,
    engine: settings.DOCKER_HOST ?? `unix://${APPS_SOCKET}`,
    buildEngine: settings.GANTRY_BUILD_DOCKER_HOST ?? `unix://${home.run}/build-engine.sock`,
    registry,
    buildRegistry: settings.GANTRY_BUILD_REGISTRY ?? fromBuilds,
  };
}

/** The configuration file of the managed registry: the registry runs by it, the builder sweeps by it. */
export const registryConfigOf = (home: Home): string => join(home.root, 'registry', 'config.json');

/** The whole environment of our own programs. */
export function programEnvironment(
  home: Home,
  settings: Settings,
  addresses: Addresses,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...bareEnvironment(),
    ...inherited,
    NODE_ENV: 'production',
    GANTRY_HOME: home.root,
    GANTRY_ID: home.id,
    GANTRY_DOMAIN: settings.GANTRY_DOMAIN,
    GANTRY_HTTP_PORT: String(settings.GANTRY_HTTP_PORT),
    GANTRY_HTTPS_PORT: String(settings.GANTRY_HTTPS_PORT),
    GANTRY_SSH_PORT: String(settings.GANTRY_SSH_PORT),
    GANTRY_API_PORT: String(settings.GANTRY_API_PORT),
    GANTRY_RENDEZVOUS_PORT: String(settings.GANTRY_RENDEZVOUS_PORT),
    GANTRY_EXEC_PORT: String(settings.GANTRY_EXEC_PORT),
    GANTRY_LOG_LEVEL: settings.GANTRY_LOG_LEVEL,
    DATABASE_URL: addresses.database,
    REDIS_URL: addresses.redis,
    DOCKER_HOST: addresses.engine,
    GANTRY_BUILD_DOCKER_HOST: addresses.buildEngine,
    GANTRY_REGISTRY: addresses.registry,
    GANTRY_BUILD_REGISTRY: addresses.buildRegistry,
    GANTRY_EGRESS_ALLOW: settings.GANTRY_EGRESS_ALLOW,
    GANTRY_KEEP_IMAGES: String(settings.GANTRY_KEEP_IMAGES),
    GANTRY_API_CALLS_PER_HOUR: String(settings.GANTRY_API_CALLS_PER_HOUR),
    GANTRY_BUILD_CACHE_GB: String(settings.GANTRY_BUILD_CACHE_GB),
    // Only of the managed one: the disk of another registry is not ours to sweep.
    ...(settings.GANTRY_REGISTRY === undefined && { GANTRY_REGISTRY_CONFIG: registryConfigOf(home) }),
    ...(settings.GANTRY_STACK_CACHE !== undefined && { GANTRY_STACK_CACHE: settings.GANTRY_STACK_CACHE }),
    ...(settings.GANTRY_CA_BUNDLE !== undefined && { GANTRY_CA_BUNDLE: settings.GANTRY_CA_BUNDLE }),
  };
}
