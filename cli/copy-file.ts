import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { isSystemError } from '../lib/errors.ts';
import { CommandError } from './failures.ts';

/** A file that is being written. Under its name it is there only when it is whole. */
export interface NewFile extends AsyncDisposable {
  write(bytes: Buffer): Promise<void>;
  /** Gives it its name; without this nothing is left of it. */
  keep(): Promise<void>;
}

/** Begins a file that is not there yet. Throws CommandError where there is one already, or none can be made. */
export async function newFile(path: string): Promise<NewFile> {
  if (await isThere(path))
    throw new CommandError(`${path} is there already and was left alone; name another with --output.`);
  const draft = `${path}.${process.pid}.part`;
  const stream = createWriteStream(draft, { flags: 'wx' });
  const ready = new Promise<void>((resolve, reject) => {
    stream.once('ready', () => resolve());
    stream.once('error', reject);
  });
  await ready.catch((err: unknown) => {
    throw isSystemError(err, 'ENOENT') || isSystemError(err, 'ENOTDIR') || isSystemError(err, 'EACCES')
      ? new CommandError(
          `${path} cannot be written: the folder is not there, or is not yours to write to.`,
          err,
        )
      : err;
  });
  const done = finished(stream);
  // Looked at when it is kept; until then the first write that fails tells.
  done.catch(() => undefined);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => stream.write(bytes, (err) => (err ? reject(err) : resolve()))),
    async keep() {
      stream.end();
      await done;
      await rename(draft, path);
    },
    async [Symbol.asyncDispose]() {
      stream.destroy();
      await rm(draft, { force: true });
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (err) {
    if (isSystemError(err, 'ENOENT') || isSystemError(err, 'ENOTDIR')) return false;
    throw err;
  }
}
