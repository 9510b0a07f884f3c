import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BACKUP } from '../lib/backup-contents.ts';
import { isSystemError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { readBundle } from './adapters/git/bundle.ts';
import { fillDatabase } from './adapters/postgres/dump.ts';
import type { Config } from './config.ts';
import type { Repositories } from './ports/repositories.ts';

/**
 * Takes up what script/restore has laid down in GANTRY_HOME/restore, if there is anything: before the database is
 * migrated and before anybody is let in. Each step is done once and then forgotten, and of the database it is noted that it was
 * begun, so a start that was killed goes on. Throws `database_not_empty`, `database_away`, `dump_tool_unfit`.
 */
export async function takeUpRestore(
  config: Config,
  repositories: Pick<Repositories, 'ensure'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const waiting = await namesIn(join(config.home, BACKUP.restore));
  if (waiting.length === 0) return;
  for (const bundle of await namesIn(join(config.home, BACKUP.bundles))) {
    const repository = await repositories.ensure(bundle.replace(/\.bundle$/, ''), signal);
    await readBundle(repository, join(config.home, BACKUP.bundles, bundle), signal);
    await rm(join(config.home, BACKUP.bundles, bundle));
  }
  const dump = { file: join(config.home, BACKUP.dump), begun: join(config.home, BACKUP.begun) };
  await fillDatabase(config.databaseUrl, dump, signal);
  await rm(join(config.home, BACKUP.restore), { recursive: true, force: true });
  log.info('the platform was restored from a backup');
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return [];
    throw err;
  }
}
