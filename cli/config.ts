import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from './failures.ts';

/** What the environment says to the command line; nothing else in cli/ reads it. */
export interface CliConfig {
  readonly apiUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly app: string | undefined;
  readonly credentialsFile: string;
  /** The admin's token on the server itself, readable by its owner only. */
  readonly adminTokenFile: string;
  readonly localUrl: string;
  readonly sshDirectory: string;
  /** A command that opens a URL, if there is a screen to open it on. */
  readonly browser: string | undefined;
}

const text = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));

/** What a token is made of; anything else could not even be sent. */
export const token = z
  .string()
  .regex(
    /^[\x21-\x7e]+$/,
    'holds characters that no token has, such as a line end or a space; copy it again',
  );

const schema = z.object({
  GANTRY_API_URL: text.pipe(
    z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:7000' }).optional(),
  ),
  GANTRY_API_KEY: text.pipe(token.optional()),
  GANTRY_APP: text,
  GANTRY_HOME: text,
  GANTRY_API_PORT: text.refine(
    (value) => value === undefined || /^[1-9]\d{0,4}$/.test(value),
    'must be a port number',
  ),
  XDG_CONFIG_HOME: text,
  HOME: text,
  BROWSER: text,
  DISPLAY: text,
  WAYLAND_DISPLAY: text,
});

/** Reads the environment; a value that cannot be is a UsageError. */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): CliConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}.`);
  }
  const given = parsed.data;
  const home = given.HOME ?? homedir();
  return Object.freeze({
    apiUrl: given.GANTRY_API_URL,
    apiKey: given.GANTRY_API_KEY,
    app: given.GANTRY_APP,
    credentialsFile: join(given.XDG_CONFIG_HOME ?? join(home, '.config'), 'gantry', 'credentials.json'),
    adminTokenFile: join(given.GANTRY_HOME ?? '/var/lib/gantry', 'admin-token'),
    localUrl: `http://127.0.0.1:${given.GANTRY_API_PORT ?? 7000}`,
    sshDirectory: join(home, '.ssh'),
    browser: browserOf(given, platform),
  });
}

function browserOf(
  given: { BROWSER: string | undefined; DISPLAY: string | undefined; WAYLAND_DISPLAY: string | undefined },
  platform: string,
): string | undefined {
  if (platform === 'darwin') return 'open';
  const screen = given.DISPLAY ?? given.WAYLAND_DISPLAY;
  return given.BROWSER ?? (screen === undefined ? undefined : 'xdg-open');
}
