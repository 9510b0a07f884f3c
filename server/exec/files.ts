import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type SFTPWrapper } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import { PlatformError } from '../domain/errors.ts';
import type { ExecGrant, ExecGrants } from '../services/exec-grants.ts';
import type { Runs } from '../services/runs.ts';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

const READ_ONLY: number = OPEN_MODE.READ;
const OPEN_MS = 20_000;
/** Larger files have no business in an instance whose disk goes with it; and ours must not fill. */
const MOST_BYTES = 512 * 1024 * 1024;
const MOST_READ = 256 * 1024;
const REGULAR_FILE = 0o100_644;

interface Deps {
  readonly grants: Pick<ExecGrants, 'renew'>;
  readonly runs: Pick<Runs, 'enter'>;
  readonly log: Logger;
  /** The most that is copied of one file, in bytes; for tests. */
  readonly mostBytes?: number;
}

/** A file of an instance, copied; it has no name any more and is gone when it is closed. */
interface Copy {
  readonly file: FileHandle;
  readonly size: number;
}

/**
 * SFTP as far as `heroku ps:copy` needs it: opens one file of the instance at a time, to be read, as the user that its
 * processes have; all else is refused. What is opened is copied first: a client reads many parts at once, and a program
 * in the instance gives them one after the other.
 */
export function serveFiles(sftp: SFTPWrapper, grant: ExecGrant, deps: Deps): void {
  const left = new AbortController();
  let copy: Copy | 'being made' | undefined;
  const close = (): void => {
    if (copy !== undefined && copy !== 'being made') void copy.file.close();
    copy = undefined;
  };
  // Both, as which of them comes depends on who leaves first.
  for (const event of ['close', 'end'] as const)
    sftp.on(event, () => {
      left.abort(new Error('the client left'));
      close();
    });
  sftp.on('error', () => undefined);

  sftp.on('OPEN', (id, path, flags) => {
    if (flags !== READ_ONLY || copy !== undefined) {
      sftp.status(id, STATUS_CODE.PERMISSION_DENIED, 'Files are only read here, one at a time.');
      return;
    }
    copy = 'being made';
    copyOf(path, grant, deps, left.signal).then(
      (made) => {
        copy = made;
        if (left.signal.aborted) close();
        else if (made === undefined)
          sftp.status(id, STATUS_CODE.NO_SUCH_FILE, 'There is no such file to read.');
        else sftp.handle(id, HANDLE);
      },
      (err: unknown) => {
        copy = undefined;
        if (left.signal.aborted) return;
        if (!PlatformError.is(err) && !(err instanceof TooLarge))
          deps.log.error({ err, app: grant.app }, 'a file of an instance could not be copied');
        sftp.status(id, STATUS_CODE.FAILURE, err instanceof Error ? err.message : undefined);
      },
    );
  });
  sftp.on('FSTAT', (id) => {
    if (copy === undefined || copy === 'being made') sftp.status(id, STATUS_CODE.FAILURE);
    else sftp.attrs(id, { mode: REGULAR_FILE, uid: 0, gid: 0, size: copy.size, atime: 0, mtime: 0 });
  });
  sftp.on('READ', (id, _handle, offset, length) => {
    if (copy === undefined || copy === 'being made') {
      sftp.status(id, STATUS_CODE.FAILURE);
      return;
    }
    copy.file.read(Buffer.alloc(Math.min(length, MOST_READ)), 0, null, offset).then(
      ({ bytesRead, buffer }) => {
        if (bytesRead === 0) sftp.status(id, STATUS_CODE.EOF);
        else sftp.data(id, buffer.subarray(0, bytesRead));
      },
      () => sftp.status(id, STATUS_CODE.FAILURE),
    );
  });
  sftp.on('CLOSE', (id) => {
    // What is being made has no handle yet that could be closed.
    if (copy === 'being made') {
      sftp.status(id, STATUS_CODE.FAILURE);
      return;
    }
    close();
    sftp.status(id, STATUS_CODE.OK);
  });
}

/** There is never more than one. */
const HANDLE = Buffer.from([0]);

class TooLarge extends Error {}

/** Undefined when there is no file of that name which may be read. */
async function copyOf(
  path: string,
  grant: ExecGrant,
  { runs, grants, mostBytes = MOST_BYTES }: Deps,
  left: AbortSignal,
): Promise<Copy | undefined> {
  const signal = AbortSignal.timeout(OPEN_MS);
  // The name goes by the environment: in the command it would be a shell's to read.
  const order = { command: 'exec cat -- "$GANTRY_COPY"', tty: false, env: new Map([['GANTRY_COPY', path]]) };
  const actor = await grants.renew(grant, signal);
  await using session = await runs.enter(actor, grant.app, grant.instance, order, signal);
  const attachment = await session.open();
  attachment.end();
  const file = await nameless();
  const collect = async (): Promise<Copy | undefined> => {
    let size = 0;
    for await (const { stream, bytes } of attachment.output) {
      if (stream === 'err') continue; // what cat complains of
      size += bytes.length;
      if (size > mostBytes)
        throw new TooLarge(`${path} is larger than the ${mostBytes} bytes that can be copied.`);
      await file.write(bytes);
    }
    return (await attachment.exitCode()) === 0 ? { file, size } : undefined;
  };
  let copy: Copy | undefined;
  try {
    copy = await Promise.race([collect(), aborted(left), aborted(session.cut)]);
    return copy;
  } finally {
    if (copy === undefined) await file.close();
  }
}

/** Rejects when it aborts: what is waited for may never come, of a pipe that nobody writes to. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** A file that nothing but its handle leads to, so that nothing is left of it however we end. */
async function nameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `gantry-copy-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
