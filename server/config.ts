import { join } from 'node:path';
import { z } from 'zod';

/**
 * The server's only reader of the environment. The supervisor resolves every setting (docs/operations/configuration.md)
 * and hands down this; nothing here has a default that the supervisor does not also know.
 */
const port = z.coerce.number().int().min(1).max(65535);

const environment = z.object({
  GANTRY_HOME: z.string().startsWith('/'),
  GANTRY_ID: z.string().regex(/^[a-z0-9]{6}$/),
  GANTRY_DOMAIN: z.string().default('localhost'),
  GANTRY_HTTP_PORT: port.default(8080),
  GANTRY_SSH_PORT: port.default(2222),
  GANTRY_API_PORT: port.default(7000),
  GANTRY_RENDEZVOUS_PORT: port.default(7002),
  GANTRY_EXEC_PORT: port.default(7003),
  GANTRY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  DOCKER_HOST: z.string().min(1),
  GANTRY_REGISTRY: z.string().min(1),
  GANTRY_EGRESS_ALLOW: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((one) => one !== '')),
  GANTRY_KEEP_IMAGES: z.coerce.number().int().min(2).default(5),
  GANTRY_API_CALLS_PER_HOUR: z.coerce.number().int().min(100).default(4500),
});

export interface Config {
  readonly home: string;
  readonly platformId: string;
  readonly domain: string;
  readonly httpPort: number;
  readonly sshPort: number;
  readonly apiPort: number;
  readonly rendezvousPort: number;
  readonly execPort: number;
  readonly logLevel: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly dockerHost: string;
  readonly registry: string;
  /** Images of each app that stay for rollbacks. */
  readonly keepImages: number;
  /** Calls of the API that one token may make. */
  readonly callsPerHour: number;
  /** Networks that webhooks, log drains and sources may be in although they are not the internet. */
  readonly egressAllow: readonly string[];
  readonly paths: {
    readonly repositories: string;
    readonly sources: string;
    readonly uploads: string;
    readonly appLogs: string;
    readonly routerLines: string;
    readonly imageLedger: string;
    readonly secrets: string;
    readonly adminToken: string;
    /** The platform's own certificate with its key; made anew now and then. */
    readonly certificate: string;
    readonly pushSocket: string;
    readonly routerSocket: string;
    readonly builderSocket: string;
  };
}

/** Reads and checks the environment; throws a ZodError that names every wrong variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = environment.parse(env);
  const under = (...parts: string[]): string => join(e.GANTRY_HOME, ...parts);
  return Object.freeze({
    home: e.GANTRY_HOME,
    platformId: e.GANTRY_ID,
    domain: e.GANTRY_DOMAIN,
    httpPort: e.GANTRY_HTTP_PORT,
    sshPort: e.GANTRY_SSH_PORT,
    apiPort: e.GANTRY_API_PORT,
    rendezvousPort: e.GANTRY_RENDEZVOUS_PORT,
    execPort: e.GANTRY_EXEC_PORT,
    logLevel: e.GANTRY_LOG_LEVEL,
    databaseUrl: e.DATABASE_URL,
    redisUrl: e.REDIS_URL,
    dockerHost: e.DOCKER_HOST,
    registry: e.GANTRY_REGISTRY,
    keepImages: e.GANTRY_KEEP_IMAGES,
    callsPerHour: e.GANTRY_API_CALLS_PER_HOUR,
    egressAllow: Object.freeze(e.GANTRY_EGRESS_ALLOW),
    paths: Object.freeze({
      repositories: under('repos'),
      sources: under('sources'),
      uploads: under('uploads'),
      appLogs: under('app-logs'),
      routerLines: under('router-lines'),
      imageLedger: under('engine-images'),
      secrets: under('secrets'),
      adminToken: under('admin-token'),
      certificate: under('secrets', 'tls.pem'),
      pushSocket: under('run', 'push.sock'),
      routerSocket: under('run', 'router.sock'),
      builderSocket: under('run', 'builder.sock'),
    }),
  });
}
