import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError, messageOf } from '../lib/errors.ts';
import { isServerUrl, TOKEN, type CliConfig } from './config.ts';
import { CommandError } from './failures.ts';

/** Which server, and the token that opens it. */
export interface Credentials {
  readonly url: string;
  readonly token: string;
}

/**
 * Who we are to whom: the environment first, then the credentials file, then the admin's token on the server itself.
 * A token is only ever sent to the server it was given for.
 */
export async function findCredentials(config: CliConfig): Promise<Credentials> {
  const file = await readCredentials(config.credentialsFile);
  const url = config.apiUrl ?? (config.apiKey === undefined ? file?.url : undefined) ?? config.localUrl;
  if (config.apiKey !== undefined) return { url, token: config.apiKey };
  if (file !== undefined && sameOrigin(file.url, url)) return { url, token: file.token };
  if (sameOrigin(config.localUrl, url)) {
    const admins = await readAdminToken(config.adminTokenFile);
    if (admins !== undefined) return { url, token: admins };
  }
  throw new CommandError(
    `You are not logged in to ${url}. Run \`gantry login\`, or set GANTRY_API_KEY; on the server itself, run as the user who started it.`,
  );
}

/** Undefined when there is no such file; a file that cannot be understood is a CommandError, never silently ignored. */
export async function readCredentials(path: string): Promise<Credentials | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const { url, token } = fieldsOf(text);
  if (typeof url === 'string' && isServerUrl(url) && isToken(token)) return { url, token };
  throw new CommandError(`${path} is not a credentials file; remove it and run \`gantry login\` again.`);
}

function fieldsOf(text: string): { readonly url?: unknown; readonly token?: unknown } {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {}; // without fields it is told as what it is: no credentials file
  }
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.pattern.test(value);
}

/** Writes the file so that nobody else can read it, and so that it is never half written. */
export async function storeCredentials(path: string, credentials: Credentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** True when there was something to forget. */
export async function forgetCredentials(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return false;
    throw err;
  }
}

async function readAdminToken(path: string): Promise<string | undefined> {
  const text = (await readIfThere(path))?.trim();
  if (text === undefined || text === '') return undefined;
  if (!isToken(text)) throw new CommandError(`${path} holds no token; restart the server, which writes it.`);
  return text;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    // Whoever may not read the admin's token is simply not the admin.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].some((code) => isSystemError(err, code))) return undefined;
    throw new CommandError(`${path} cannot be read: ${messageOf(err)}.`, err);
  }
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}
