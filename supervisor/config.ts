import { existsSync } from 'node:fs';
import { z } from 'zod';
import { HOME_PATH } from '../lib/home-path.ts';
import { isNetwork } from '../lib/networks.ts';
import { problemOf } from '../lib/zod-problem.ts';
import { setupErrors } from './errors.ts';

const port = (fallback: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(65_535).default(fallback);
const hostPort = z.string().regex(/^[a-zA-Z0-9.-]+:\d{1,5}$/, 'must look like host:port');
const unixSocket = z.string().regex(/^unix:\/\/\/[^\s]+$/, 'must look like unix:///path/of/docker.sock');

/** Every setting a person can make, in the order of the page. The descriptions are the page. */
export const settingsSchema = z.object({
  GANTRY_HOME: z
    .string()
    .regex(HOME_PATH.pattern, HOME_PATH.rule)
    .default('/var/lib/gantry')
    .describe(
      'State directory: database, repositories, images, keys, logs. Everything to back up is in here.',
    ),
  GANTRY_DOMAIN: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
      'must be a lower-case domain name',
    )
    .default('localhost')
    .describe('Apps answer at `<app>.<domain>`, the API at `api.<domain>`.'),
  GANTRY_HTTP_PORT: port(8080).describe('Port of the router for HTTP, on all addresses.'),
  GANTRY_HTTPS_PORT: port(8443).describe(
    'Port of the router for HTTPS, on all addresses. Clients need the platform’s own authority, `ca.pem` in the state directory (docs/operations/https.md).',
  ),
  GANTRY_SSH_PORT: port(2222).describe('Port of the SSH door that takes `git push`, on all addresses.'),
  GANTRY_API_PORT: port(7000).describe(
    'Port of the API on loopback; the router serves it as `api.<domain>` too.',
  ),
  GANTRY_RENDEZVOUS_PORT: port(7002).describe(
    'Port, on all addresses, where clients of the Platform API meet the processes that they `run`, over TLS.',
  ),
  GANTRY_EXEC_PORT: port(7003).describe(
    'Port, on loopback, of the SSH door behind `ps:exec` of the `heroku` command, which dials port 80 of its tunnel.',
  ),
  GANTRY_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('How much the platform’s own programs write to `logs/`.'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://')
    .optional()
    .describe('A PostgreSQL to use instead of the managed one.'),
  REDIS_URL: z
    .string()
    .regex(/^(rediss?|unix):\/\//, 'must begin with redis://, rediss:// or unix://')
    .optional()
    .describe('A Redis (or Valkey) to use instead of the managed one.'),
  DOCKER_HOST: unixSocket
    .optional()
    .describe(
      'The Docker Engine that runs apps. Without it: the engine at `/var/run/docker.sock` when one answers, else systemd’s, else one of our own.',
    ),
  GANTRY_BUILD_DOCKER_HOST: unixSocket
    .optional()
    .describe(
      'A Docker Engine for builds to use instead of the managed one. Never the engine that runs apps.',
    ),
  GANTRY_REGISTRY: hostPort
    .optional()
    .describe(
      'A registry, as the server and the apps’ engine reach it, to use instead of the managed one; it must accept our tokens (`secrets/registry-cert.pem`).',
    ),
  GANTRY_REGISTRY_PORT: port(7001).describe('Port of the managed registry, on loopback.'),
  GANTRY_BUILD_REGISTRY: hostPort
    .optional()
    .describe(
      'The same registry as the build engine reaches it. Needed only together with `GANTRY_BUILD_DOCKER_HOST`.',
    ),
  GANTRY_CA_BUNDLE: z
    .string()
    .regex(/^(\/.*)?$/, 'must be an absolute path')
    .optional()
    .describe(
      'Certificates (PEM) that builds trust in addition; empty means none. Default: the machine’s own bundle, `/etc/ssl/certs/ca-certificates.crt`.',
    ),
  GANTRY_STACK_CACHE: z
    .string()
    .regex(/^\/.+$/, 'must be an absolute path')
    .optional()
    .describe(
      'Where what the stack image is made of is kept, so that several platforms on a machine fetch it once. Default: `stack` in the state directory.',
    ),
  GANTRY_EGRESS_ALLOW: z
    .string()
    .default('')
    .refine(
      (text) => text === '' || text.split(',').every(isNetwork),
      'must be networks such as 10.1.0.0/16,fd00::/8',
    )
    .describe(
      'Networks that webhooks, log drains and sources of apps may be in although they are not the public internet, with commas between them: `10.1.0.0/16,fd00::/8`. Default: none.',
    ),
  GANTRY_API_CALLS_PER_HOUR: z.coerce
    .number()
    .int()
    .min(100)
    .max(100_000_000)
    .default(4500)
    .describe(
      'So many calls of the API a token may make in an hour; all tokens of a person together may make twice as many. At once it may make 50, or a ninetieth of these if that is more.',
    ),
  GANTRY_KEEP_IMAGES: z.coerce
    .number()
    .int()
    .min(2)
    .max(1000)
    .default(5)
    .describe(
      'So many images of each app stay for rollbacks: those of its newest releases that ran. Older ones are collected.',
    ),
  GANTRY_BUILD_CACHE_GB: z.coerce
    .number()
    .positive()
    .default(10)
    .describe('The build cache is shrunk to this many gigabytes, least recently used first.'),
  GANTRY_COMMAND_LINK: z
    .string()
    .regex(/^(\/.*)?$/, 'must be an absolute path')
    .default('/usr/local/bin/gantry')
    .describe('Where a link to the `gantry` command is made; empty means nowhere.'),
  GANTRY_MIN_DISK_MB: z.coerce
    .number()
    .int()
    .min(0)
    .default(2048)
    .describe('Megabytes that must be free below `GANTRY_HOME` for the platform to start.'),
});

export type Settings = Readonly<z.infer<typeof settingsSchema>>;

const HOST_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/** Reads and checks the settings; an unset or empty variable takes its default. Throws `setting_invalid` for the first that is wrong. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const keepsEmpty = new Set(['GANTRY_CA_BUNDLE', 'GANTRY_COMMAND_LINK']);
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== '' || keepsEmpty.has(name)),
  );
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw setupErrors.of('setting_invalid', {
      name: String(issue?.path[0] ?? 'a setting'),
      problem: issue ? problemOf(issue) : 'is not valid',
    });
  }
  const bundle = parsed.data.GANTRY_CA_BUNDLE ?? (existsSync(HOST_BUNDLE) ? HOST_BUNDLE : '');
  return Object.freeze({ ...parsed.data, GANTRY_CA_BUNDLE: bundle });
}

/** How to reach the outside, which nobody should have to say twice. */
export const INHERITED = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['NODE_EXTRA_CA_CERTS', 'TZ'],
] as const;

/** What our programs inherit of the caller's environment: how to reach the outside, nothing else. */
export function inheritedEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = env[name];
    if (value !== undefined && value !== '') kept[name] = value;
  }
  return kept;
}
