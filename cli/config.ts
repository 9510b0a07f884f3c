import { homedir } from 'node:os';
import { join } from 'node:path';
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
  /** Where the server on this machine lets into instances over SSH. */
  readonly execPort: number;
  /** A command that opens a URL, if there is a screen to open it on. */
  readonly browser: string | undefined;
  /** The user's editor, as a command line; null where none is named. */
  readonly editor: string | null;
  /** The whole environment, for programs that are started. */
  readonly inherited: NodeJS.ProcessEnv;
}

/** What a token is made of; anything else could not even be sent. */
export const TOKEN = {
  pattern: /^[\x21-\x7e]+$/,
  rule: 'holds characters that no token has, such as a line end or a space; copy it again',
} as const;

const PORT = { pattern: /^[1-9]\d{0,4}$/, rule: 'must be a port number' } as const;
const GIT_HOST = {
  pattern: /^[A-Za-z0-9.-]+(?::[1-9]\d{0,4})?$/,
  rule: 'must be a host name, with a port if it is not 443',
} as const;

interface Rule {
  readonly pattern: RegExp;
  readonly rule: string;
}

/** One variable, by its rule; an empty one counts as nothing. By hand: a library of schemas costs every command 15 ms. */
function variable(env: NodeJS.ProcessEnv, name: string, rule?: Rule): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (rule !== undefined && !rule.pattern.test(value)) throw new UsageError(`${name} ${rule.rule}.`);
  return value;
}

/** True for the address of a server: `http` or `https`, with a host. */
export function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '';
}

function addressOf(env: NodeJS.ProcessEnv): string | undefined {
  const url = variable(env, 'GANTRY_API_URL');
  if (url === undefined || isServerUrl(url)) return url;
  throw new UsageError('GANTRY_API_URL must be a URL such as http://127.0.0.1:7000.');
}

/** Reads the environment; a value that cannot be is a UsageError. */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): CliConfig {
  return Object.freeze({
    apiUrl: addressOf(env),
    apiKey: variable(env, 'GANTRY_API_KEY', TOKEN),
    app: variable(env, 'GANTRY_APP'),
    localUrl: `http://127.0.0.1:${variable(env, 'GANTRY_API_PORT', PORT) ?? 7000}`,
    caFile: variable(env, 'GANTRY_CA_FILE'),
    gitHost: variable(env, 'GANTRY_GIT_HOST', GIT_HOST),
    httpsPort: variable(env, 'GANTRY_HTTPS_PORT', PORT) ?? '8443',
    execPort: Number(variable(env, 'GANTRY_EXEC_PORT', PORT) ?? 7003),
    browser: browserOf(env, platform),
    editor: variable(env, 'VISUAL') ?? variable(env, 'EDITOR') ?? null,
    inherited: env,
    ...placesOf(env),
  });
}

function placesOf(env: NodeJS.ProcessEnv) {
  const home = variable(env, 'HOME') ?? homedir();
  const configHome = variable(env, 'XDG_CONFIG_HOME') ?? join(home, '.config');
  const platformHome = variable(env, 'GANTRY_HOME') ?? '/var/lib/gantry';
  const gitConfig = variable(env, 'GIT_CONFIG_GLOBAL');
  return {
    home,
    gitConfigFiles:
      gitConfig === undefined ? [join(configHome, 'git', 'config'), join(home, '.gitconfig')] : [gitConfig],
    credentialsFile: join(configHome, 'gantry', 'credentials.json'),
    dataDirectory: join(variable(env, 'XDG_DATA_HOME') ?? join(home, '.local', 'share'), 'gantry'),
    sshDirectory: join(home, '.ssh'),
    adminTokenFile: join(platformHome, 'admin-token'),
    localCaFile: join(platformHome, 'ca.pem'),
  };
}

function browserOf(env: NodeJS.ProcessEnv, platform: string): string | undefined {
  if (platform === 'darwin') return 'open';
  const screen = variable(env, 'DISPLAY') ?? variable(env, 'WAYLAND_DISPLAY');
  return variable(env, 'BROWSER') ?? (screen === undefined ? undefined : 'xdg-open');
}
