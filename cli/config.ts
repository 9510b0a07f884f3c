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
  readonly home: string;
  /** For what can be fetched or made again, but should not have to be. */
  readonly dataDirectory: string;
  /** The user's own git configuration, in the order git reads it. */
  readonly gitConfigFiles: readonly string[];
  /** Certificate of the platform's own authority: the one that is named, and the one on the server itself. */
  readonly caFile: string | undefined;
  readonly localCaFile: string;
  /** `HOST[:PORT]` of git over HTTPS, where it is not what the address of the API lets expect. */
  readonly gitHost: string | undefined;
  readonly httpsPort: string;
  /** A command that opens a URL, if there is a screen to open it on. */
  readonly browser: string | undefined;
  /** The whole environment, for programs that are started. */
  readonly inherited: NodeJS.ProcessEnv;
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

const port = text.refine(
  (value) => value === undefined || /^[1-9]\d{0,4}$/.test(value),
  'must be a port number',
);

const schema = z.object({
  GANTRY_API_URL: text.pipe(
    z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:7000' }).optional(),
  ),
  GANTRY_API_KEY: text.pipe(token.optional()),
  GANTRY_APP: text,
  GANTRY_HOME: text,
  GANTRY_API_PORT: port,
  GANTRY_HTTPS_PORT: port,
  GANTRY_CA_FILE: text,
  GANTRY_GIT_HOST: text.refine(
    (value) => value === undefined || /^[A-Za-z0-9.-]+(?::[1-9]\d{0,4})?$/.test(value),
    'must be a host name, with a port if it is not 443',
  ),
  GIT_CONFIG_GLOBAL: text,
  XDG_CONFIG_HOME: text,
  XDG_DATA_HOME: text,
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
  return Object.freeze({
    apiUrl: given.GANTRY_API_URL,
    apiKey: given.GANTRY_API_KEY,
    app: given.GANTRY_APP,
    localUrl: `http://127.0.0.1:${given.GANTRY_API_PORT ?? 7000}`,
    caFile: given.GANTRY_CA_FILE,
    gitHost: given.GANTRY_GIT_HOST,
    httpsPort: given.GANTRY_HTTPS_PORT ?? '8443',
    browser: browserOf(given, platform),
    inherited: env,
    ...placesOf(given),
  });
}

type Given = z.output<typeof schema>;

function placesOf(given: Given) {
  const home = given.HOME ?? homedir();
  const configHome = given.XDG_CONFIG_HOME ?? join(home, '.config');
  const platformHome = given.GANTRY_HOME ?? '/var/lib/gantry';
  const gitConfigFiles =
    given.GIT_CONFIG_GLOBAL === undefined
      ? [join(configHome, 'git', 'config'), join(home, '.gitconfig')]
      : [given.GIT_CONFIG_GLOBAL];
  return {
    home,
    gitConfigFiles,
    credentialsFile: join(configHome, 'gantry', 'credentials.json'),
    dataDirectory: join(given.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'gantry'),
    sshDirectory: join(home, '.ssh'),
    adminTokenFile: join(platformHome, 'admin-token'),
    localCaFile: join(platformHome, 'ca.pem'),
  };
}

function browserOf(given: Given, platform: string): string | undefined {
  if (platform === 'darwin') return 'open';
  const screen = given.DISPLAY ?? given.WAYLAND_DISPLAY;
  return given.BROWSER ?? (screen === undefined ? undefined : 'xdg-open');
}
