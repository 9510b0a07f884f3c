import { orMissing, type DockerClient } from './client.ts';
import { createFrameReader, createLineReader, type StampedLine } from './frames.ts';

/** Where following begins: after a time, and of what was printed before with at most so many lines; null: no limit. */
export interface Mark {
  readonly after: bigint | null;
  readonly tail: number | null;
}

export const FROM_START: Mark = { after: null, tail: null };

/** What one container printed. */
export interface Output {
  /** The last lines, oldest first; none when the container is gone. */
  last(containerId: string, lines: number, signal: AbortSignal): Promise<StampedLine[]>;
  /** Every line after the mark, until the container ends. */
  follow(containerId: string, mark: Mark, signal: AbortSignal): AsyncGenerator<StampedLine, void, undefined>;
}

const EVERYTHING = { stdout: true, stderr: true, timestamps: true } as const;

export function createOutput(client: DockerClient): Output {
  return {
    async last(containerId, lines, signal) {
      if (lines <= 0) return [];
      const answer = await orMissing(
        client.call(signal, (docker, abortSignal) =>
          docker.getContainer(containerId).logs({ ...EVERYTHING, follow: false, tail: lines, abortSignal }),
        ),
      );
      if (answer === undefined) return [];
      const reader = createLineReader();
      const read = createFrameReader()(answer).flatMap((frame) => reader.take(frame));
      return [...read, ...reader.end()].slice(-lines);
    },
    async *follow(containerId, { after, tail }, signal) {
      // `since` is inclusive, hence the filter; a line of the same nanosecond as the mark is lost.
      const fresh = (line: StampedLine): boolean => after === null || line.stamp > after;
      const from = { ...(after !== null && { since: asSince(after) }), ...(tail !== null && { tail }) };
      const { stream, close } = await client.open(signal, (docker, abortSignal) =>
        docker.getContainer(containerId).logs({ ...EVERYTHING, ...from, follow: true, abortSignal }),
      );
      const frames = createFrameReader();
      const lines = createLineReader();
      try {
        for await (const chunk of stream)
          for (const frame of frames(chunk as Buffer)) yield* lines.take(frame).filter(fresh);
        yield* lines.end().filter(fresh);
      } finally {
        close();
      }
    },
  };
}

function asSince(stamp: bigint): string {
  return `${stamp / 1_000_000_000n}.${String(stamp % 1_000_000_000n).padStart(9, '0')}`;
}
