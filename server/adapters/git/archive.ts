import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { withDeadline } from '../../../lib/deadline.ts';
import { gitEnvironment, gitSettings } from '../../../lib/hermetic-git.ts';

const ARCHIVE_MS = 5 * 60_000;

/**
 * Writes the commit's tree as a tar file, whole or not at all: it appears under its name when it is on the disk.
 * The content is the commit's, byte for byte; the repository's `info/attributes` switches off what would change it.
 */
export async function writeArchive(
  repository: string,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${path}.tmp-${randomUUID()}`;
  try {
    const file = await open(unfinished, 'w', 0o600);
    try {
      await withDeadline(ARCHIVE_MS, signal, (inner) => archiveInto(file.fd, { repository, commit }, inner));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (err) {
    await rm(unfinished, { force: true });
    throw err;
  }
}

function archiveInto(
  fd: number,
  source: { readonly repository: string; readonly commit: string },
  signal: AbortSignal,
): Promise<void> {
  const settings = gitSettings(source.repository, ['tar.umask=0022']);
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...settings, 'archive', '--format=tar', source.commit], {
      env: gitEnvironment({ GIT_DIR: source.repository }),
      cwd: '/',
      stdio: ['ignore', fd, 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`git archive ended with ${code ?? 'a signal'}`));
    });
  });
}
