import type { Bulletin } from '../../lib/bulletin.ts';
import { insist } from '../../lib/retry.ts';
import { settled } from '../domain/build.ts';
import { decided } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Builds } from '../ports/builds.ts';
import type { Releases } from '../ports/releases.ts';
import type { Transcripts as TranscriptStore } from '../ports/transcripts.ts';

export interface Transcripts {
  append(stream: string, lines: readonly string[], signal: AbortSignal): Promise<void>;
  /** For many lines in a row: what is written while an append is under way goes out with the next one. */
  writer(stream: string, signal: AbortSignal): TranscriptWriter;
  /**
   * All lines of a build's or deployment's stream from the start, then new ones until it is decided. Its id is the
   * permission: it cannot be guessed. Throws `not_found`.
   */
  follow(stream: string, signal: AbortSignal): AsyncIterable<string>;
}

interface TranscriptWriter {
  write(line: string): void;
  /** Resolves when everything written is stored; throws what went wrong. */
  flush(): Promise<void>;
}

/** A reader looks by itself this often: a notice from another process does not reach it. */
const LOOK_MS = 500;

export interface TranscriptsDeps {
  readonly store: TranscriptStore;
  readonly builds: Pick<Builds, 'find'>;
  readonly releases: Pick<Releases, 'findDeployment'>;
  readonly bulletin: Bulletin;
}

export function createTranscripts({ store, builds, releases, bulletin }: TranscriptsDeps): Transcripts {
  async function over(stream: string, signal: AbortSignal): Promise<boolean> {
    const build = await builds.find(stream, signal);
    if (build) return settled(build);
    const deployment = await releases.findDeployment(stream, signal);
    if (deployment) return decided(deployment);
    throw PlatformError.of('not_found', { resource: 'stream', name: stream.slice(0, 100) });
  }

  async function append(stream: string, lines: readonly string[], signal: AbortSignal): Promise<void> {
    if (lines.length === 0) return;
    await store.append(stream, lines, signal);
    bulletin.post(stream);
  }

  return {
    append,

    writer(stream, signal) {
      let waiting: string[] = [];
      let running = Promise.resolve();
      return {
        write(line) {
          waiting.push(line);
          if (waiting.length > 1) return;
          running = running.then(() => {
            const lines = waiting;
            waiting = [];
            return append(stream, lines, signal);
          });
          running.catch(() => undefined); // told by flush
        },
        flush: () => running,
      };
    },

    async *follow(stream, signal) {
      let position = 0;
      let known = false;
      for (;;) {
        const mark = bulletin.mark(stream);
        const look = async () => ({
          // Asked before reading: what was written before the end is then read after it.
          last: await over(stream, signal),
          lines: await store.read(stream, position, signal),
        });
        // What is followed goes on without us, so a reader outlives a database that is away for a moment.
        const { last, lines } = known ? await insist(look, LOOK_MS, signal) : await look();
        known = true;
        for (const line of lines) yield line.text;
        position = lines.at(-1)?.position ?? position;
        if (lines.length > 0) continue;
        if (last) return;
        await bulletin.after(stream, mark, LOOK_MS, signal);
      }
    },
  };
}
