import type { Writable } from 'node:stream';

/**
 * Resolves when all that was written to a stream has left the process, or never will: what a slow reader of a pipe has not
 * taken yet is lost with a process that exits.
 */
export function written(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });
}
