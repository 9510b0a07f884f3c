import { createHash, createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HOME_PATH } from '../lib/home-path.ts';
import { Secret } from '../lib/secret.ts';
import type { Settings } from './render.ts';

const environment = z.object({
  // It stands in HAProxy's configuration, and its sockets' paths must fit into 108 bytes with a suffix HAProxy adds.
  GANTRY_HOME: z.string().regex(HOME_PATH.pattern, HOME_PATH.rule),
  GANTRY_HTTP_PORT: z.coerce.number().int().min(1).max(65535).default(8080),
  GANTRY_HTTPS_PORT: z.coerce.number().int().min(1).max(65535).default(8443),
  GANTRY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** All that the router program is told from outside. */
export interface RouterConfig {
  readonly socket: string;
  readonly dir: string;
  readonly runDir: string;
  readonly jail: string;
  readonly logFile: string;
  readonly logLevel: string;
  readonly probeKey: Secret;
  /** Makes the tickets of visitors; made from the probe's secret, which cannot be told from it. */
  readonly ticketKey: Secret;
  /** The platform's own certificate with its key. */
  readonly certificate: string;
  /** All but what only the installed HAProxy can say. */
  readonly settings: Omit<Settings, 'version'>;
  /** The users its processes may run as. */
  readonly uids: readonly number[];
  /** The user HAProxy becomes; null when it stays what the router is. */
  readonly haproxyUid: number | null;
}

/** A WebSocket that is open during a reload lives this long after it at most. */
const HARD_STOP_AFTER_MS = 300_000;

/**
 * Reads the program's environment and the probe secret; throws one sentence that says what is wrong.
 * Root gives HAProxy the unprivileged user that its package made; anybody else runs it as himself.
 */
export function readConfig(env: NodeJS.ProcessEnv): RouterConfig {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join('.') ?? 'environment'}: ${issue?.message ?? 'is not valid'}`);
  }
  const { GANTRY_HOME: home, GANTRY_LOG_LEVEL: logLevel } = parsed.data;
  const key = readFileSync(join(home, 'secrets', 'probe-key'), 'utf8').trim();
  if (!/^[\x21-\x7e]{20,200}$/.test(key))
    throw new Error(`${home}/secrets/probe-key must hold 20 to 200 visible characters.`);
  const uid = process.getuid?.() ?? 0;
  const user = uid === 0 ? systemUser('haproxy') : null;
  const runDir = join(home, 'run');
  const jail = join(runDir, 'haproxy');
  return Object.freeze({
    socket: join(runDir, 'router.sock'),
    dir: join(home, 'router'),
    runDir,
    jail,
    logFile: join(home, 'logs', 'haproxy.log'),
    logLevel,
    probeKey: new Secret(key),
    ticketKey: new Secret(createHmac('sha256', key).update('tickets of visitors').digest('hex')),
    certificate: join(home, 'secrets', 'tls.pem'),
    uids: user === null ? [uid] : [uid, user],
    haproxyUid: user,
    settings: {
      httpPort: parsed.data.GANTRY_HTTP_PORT,
      httpsPort: parsed.data.GANTRY_HTTPS_PORT,
      ipv6: existsSync('/proc/net/if_inet6'), // with `ipv6.disable=1` it is not there
      jail,
      user: user === null ? null : 'haproxy',
      probeDigest: createHash('sha256').update(key).digest('hex').toUpperCase(),
      // Two processes are two threads already; and with one thread each, a process's counters are read all at one moment.
      threads: 1,
      openFiles: openFilesLimit(),
      hardStopAfterMs: HARD_STOP_AFTER_MS,
    },
  });
}

function systemUser(name: string): number | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? null : Number(line.split(':')[2]);
}

/** The hard limit: HAProxy raises its own soft one. */
function openFilesLimit(): number {
  const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return line === undefined || line === 'unlimited' ? 1_000_000 : Number(line);
}
