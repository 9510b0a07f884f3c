import { insist } from '../../lib/retry.ts';
import { leftOut } from './transcript-lines.ts';

/** For many lines in a row: what is written during an append, or soon after it, goes out with the next one. */
export interface TranscriptWriter {
  /** Never fails; lines that cannot be stored in time are replaced by one that says so. */
  write(line: string): void;
  /** Resolves when everything written is stored, which begins at once; throws what made that impossible. */
  flush(): Promise<void>;
}

/** Characters that wait in memory while the database is slow or away; a build may print a hundred times as many. */
const WAITING_LIMIT = 4 * 1024 * 1024;
const AGAIN_MS = 500;
/** Each append is a row and a commit, and a build may print line by line: who follows does not see this pause. */
const PACE_MS = 250;

/** Appends what is written, again and again while the failure passes by itself; after any other it takes nothing more. */
export function createTranscriptWriter(
  append: (lines: readonly string[]) => Promise<void>,
  signal: AbortSignal,
): TranscriptWriter {
  let waiting: string[] = [];
  let size = 0;
  let lost = 0;
  let flushing = 0;
  let running: Promise<void> | undefined;
  let failure: { readonly err: unknown } | undefined;
  let hurry: (() => void) | undefined;

  function take(): string[] {
    const lines = lost > 0 ? [leftOut(lost), ...waiting] : waiting;
    [waiting, size, lost] = [[], 0, 0];
    return lines;
  }

  function rest(): Promise<void> {
    if (flushing > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PACE_MS);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function store(): Promise<void> {
    try {
      while (waiting.length > 0 || lost > 0) {
        const lines = take();
        // Idempotent enough: lines whose append was done but not acknowledged are there twice.
        await insist(() => append(lines), { everyMs: AGAIN_MS }, signal);
        await rest();
      }
    } catch (err) {
      failure = { err };
      take();
    } finally {
      running = undefined; // in the step that saw nothing waiting, so that no line is left between two runs
    }
  }

  return {
    write(line) {
      if (failure) return;
      waiting.push(line);
      size += line.length;
      if (size > WAITING_LIMIT) {
        // Half at once, so that not every further line moves all the others; the end of an output says how it went.
        const dropped = waiting.splice(0, Math.ceil(waiting.length / 2));
        lost += dropped.length;
        size -= dropped.reduce((sum, { length }) => sum + length, 0);
      }
      running ??= store();
    },
    async flush() {
      flushing += 1;
      hurry?.();
      await running;
      flushing -= 1;
      if (failure) throw failure.err;
    },
  };
}
