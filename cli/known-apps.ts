import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeadline } from '../lib/deadline.ts';
import type { Context } from './command.ts';
import { findCredentials } from './credentials.ts';
import { replaceFile } from './replace-file.ts';

/** Long enough for a word that is typed, short enough that a new app is soon known. */
const FRESH_MS = 10_000;
/** Nobody waits longer for a completion. */
const PATIENCE_MS = 2_000;

/**
 * The names of the apps of whoever is logged in, as known a few seconds ago at most. Where they cannot be known, for
 * whatever reason, there are none: this is asked while a line is being typed.
 */
export async function knownApps(context: Context): Promise<readonly string[]> {
  try {
    const { url, token } = await findCredentials(context.config);
    // Of this server and this user only; the token itself is not to be found in the name.
    const whose = createHash('sha256').update(`${url}\n${token}`).digest('hex').slice(0, 32);
    const file = join(context.config.dataDirectory, 'completion', whose);
    return (await fresh(file, context.now())) ?? (await ask(context, file));
  } catch {
    return []; // an explanation would land in the middle of the line
  }
}

async function fresh(file: string, now: Date): Promise<readonly string[] | undefined> {
  const [written = '', ...names] = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n');
  const age = now.getTime() - Number(written);
  return written !== '' && age >= 0 && age < FRESH_MS ? names : undefined;
}

async function ask({ client, now, signal }: Context, file: string): Promise<readonly string[]> {
  const apps = await withDeadline(PATIENCE_MS, signal, async (late) => (await client()).apps(late));
  const names = apps.map(({ name }) => name);
  // Two shells may ask at once: neither reads what the other has half written.
  await replaceFile(file, [String(now().getTime()), ...names].join('\n'));
  return names;
}
