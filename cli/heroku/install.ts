import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { run } from '../../lib/child.ts';
import { isSystemError } from '../../lib/errors.ts';
import { CommandError } from '../failures.ts';

/** The version that the platform is tested with. */
export const HEROKU_VERSION = '11.10.0';

export interface Installation {
  /** What Node runs. */
  readonly script: string;
  /** Folder of the command `heroku`. */
  readonly bin: string;
}

/** An installation that was broken off leaves its draft; one this old is nobody's any more. */
const LEFTOVER_MS = 60 * 60_000;

const manifest = z.object({ name: z.literal('heroku'), version: z.string(), bin: z.string() });

/** The `heroku` program in this folder; undefined when it is not there, or not the version that is wanted. */
export async function findHeroku(folder: string): Promise<Installation | undefined> {
  const at = join(folder, HEROKU_VERSION, 'node_modules');
  const text = await readFile(join(at, 'heroku', 'package.json'), 'utf8').catch((err: unknown) => {
    if (isSystemError(err, 'ENOENT')) return undefined;
    throw err;
  });
  const parsed = text === undefined ? undefined : manifest.safeParse(JSON.parse(text));
  if (parsed?.data?.version !== HEROKU_VERSION) return undefined;
  return { script: join(at, 'heroku', parsed.data.bin), bin: join(at, '.bin') };
}

/**
 * Fetches the program with npm, which checks what it fetches; no script of any package runs. It is made aside and moved
 * into place when it is whole, so one that is broken off leaves nothing, and of two at once the first one stays.
 */
export async function installHeroku(
  folder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Installation> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await sweep(folder);
  const draft = join(folder, `.draft-${randomBytes(6).toString('hex')}`);
  try {
    const args = ['install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    await mkdir(draft, { mode: 0o700 });
    const done = await run('npm', [...args, `heroku@${HEROKU_VERSION}`], { cwd: draft, env }, signal).catch(
      (err: unknown) => {
        if (isSystemError(err, 'ENOENT'))
          throw new CommandError('npm is needed once to fetch the heroku command; install it and try again.');
        throw err;
      },
    );
    if (done.code !== 0) {
      const said = done.stderr.split('\n').find((line) => /^npm (?:error|ERR!)/.test(line)) ?? done.stderr;
      throw new CommandError(
        `The heroku command ${HEROKU_VERSION} could not be fetched from the npm registry: ${said.trim()}`,
      );
    }
    await rename(draft, join(folder, HEROKU_VERSION)).catch((err: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST'].some((code) => isSystemError(err, code))) throw err;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const found = await findHeroku(folder);
  if (found) return found;
  throw new CommandError(
    `What npm has fetched is not the heroku command ${HEROKU_VERSION}; remove ${folder} and try again.`,
  );
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.draft-')) continue;
    const path = join(folder, name);
    const age = Date.now() - (await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}
