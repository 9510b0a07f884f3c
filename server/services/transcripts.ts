import type { Bulletin } from '../../lib/bulletin.ts';
import { pause } from '../../lib/deadline.ts';
import { passes } from '../../lib/retry.ts';
import { KEPT_TRANSCRIPTS, settled } from '../domain/build.ts';
import { decided } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Builds } from '../ports/builds.ts';
import type { Releases } from '../ports/releases.ts';
import type { Transcripts as TranscriptStore } from '../ports/transcripts.ts';
import { databaseAway, pruned } from './transcript-lines.ts';
import { createTranscriptWriter, type TranscriptWriter } from './transcript-writer.ts';

export interface Transcripts {
  append(stream: string, lines: readonly string[], signal: AbortSignal): Promise<void>;
  /** For many lines in a row: what is written while an append is under way goes out with the next one. */
  writer(stream: string, signal: AbortSignal): TranscriptWriter;
  /**
   * All lines of a build's or deployment's stream from the start, then new ones until it is decided; those of its
   * deployment are part of a build's. The id is the permission: it cannot be guessed. What is followed goes on without the
   * reader, so a database that is away is waited for, with a line that says so; and one says so if what was written is no
   * longer kept. Throws `not_found`, `database_away`.
   */
  follow(stream: string, signal: AbortSignal): AsyncIterable<string>;
}

/** A reader looks by itself this often: a notice from another process does not reach it. */
const LOOK_MS = 500;
/** Ten minutes of looking: a database that is away for longer needs its owner. */
export const AWAY_LOOKS = 1_200;

export interface TranscriptsDeps {
  readonly store: TranscriptStore;
  readonly builds: Pick<Builds, 'find'>;
  readonly releases: Pick<Releases, 'findDeployment'>;
  readonly bulletin: Bulletin;
}

export function createTranscripts({ store, builds, releases, bulletin }: TranscriptsDeps): Transcripts {
  /** Whether it is over, and the streams of which it consists. */
  async function find(stream: string, signal: AbortSignal): Promise<Found> {
    const build = await builds.find(stream, signal);
    if (build)
      return { over: settled(build), parts: [stream, build.deploymentId].filter((id) => id !== null) };
    const deployment = await releases.findDeployment(stream, signal);
    if (deployment) return { over: decided(deployment), parts: [stream] };
    throw PlatformError.of('not_found', { resource: 'stream', name: stream.slice(0, 100) });
  }

  async function append(stream: string, lines: readonly string[], signal: AbortSignal): Promise<void> {
    if (lines.length === 0) return;
    await store.append(stream, lines, signal);
    bulletin.post(stream);
  }

  return {
    append,

    writer: (stream, signal) => createTranscriptWriter((lines) => append(stream, lines, signal), signal),

    async *follow(stream, signal) {
      const positions = new Map<string, number>();
      for (let failures = 0; ;) {
        const mark = bulletin.mark(stream);
        try {
          // Asked before reading: what was written before the end is then read after it.
          const { over, parts } = await find(stream, signal);
          const lines = await readOn(store, parts, positions, signal);
          const gone = over && lines.length === 0 && (await store.pruned(parts, signal));
          failures = 0;
          yield* lines;
          if (gone) yield pruned(KEPT_TRANSCRIPTS);
          if (lines.length > 0) continue;
          if (over) return;
        } catch (err) {
          if (signal.aborted || !passes(err) || failures === AWAY_LOOKS) throw err;
          failures += 1;
          if (failures === 1) yield databaseAway();
          await pause(LOOK_MS, signal);
          continue;
        }
        await bulletin.after(stream, mark, LOOK_MS, signal);
      }
    },
  };
}

interface Found {
  readonly over: boolean;
  readonly parts: readonly string[];
}

/** What is new in several streams, in the order in which its pages were written; notes how far each was read. */
async function readOn(
  store: TranscriptStore,
  streams: readonly string[],
  positions: Map<string, number>,
  signal: AbortSignal,
): Promise<string[]> {
  const answers = await Promise.all(
    streams.map(async (stream) =>
      (await store.read(stream, positions.get(stream) ?? 0, signal)).map((page) => ({ ...page, stream })),
    ),
  );
  // An answer may end early: what was written behind the end of one waits until that stream is read on.
  const end = Math.min(...answers.flatMap((answer) => answer.at(-1)?.position ?? []));
  const pages = answers.flat().filter(({ position }) => position <= end);
  pages.sort((a, b) => a.position - b.position);
  for (const { stream, position } of pages) positions.set(stream, position);
  return pages.flatMap(({ lines }) => lines);
}
