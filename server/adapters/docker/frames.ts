/**
 * Reading what the engine sends as a container's output: frames of an 8-byte header (stream, three zeros, length as a
 * big-endian number) and a payload; each payload is one record of the log, with its time in front.
 * Chunks may be cut anywhere.
 */
export interface Frame {
  readonly stream: 'out' | 'err';
  readonly payload: Buffer;
}

/** One line that a process printed. `stamp` is its time in nanoseconds since 1970. */
export interface StampedLine {
  readonly stamp: bigint;
  readonly text: string;
}

/** The engine cuts records at 16 KiB; a longer frame means that this is not a log. */
const FRAME_MAX_BYTES = 1024 * 1024;
/** Longer lines are cut, with a mark. */
const LINE_MAX_BYTES = 256 * 1024;
const CUT = ' [line cut: longer than 256 KiB]';

const STREAMS: Readonly<Record<number, Frame['stream']>> = { 0: 'out', 1: 'out', 2: 'err' };

/** Takes chunks, hands out whole frames. Throws when the bytes are no frames, or the engine reports an error in them. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (bytes.length - at >= 8) {
      const length = bytes.readUInt32BE(at + 4);
      if (length > FRAME_MAX_BYTES || bytes.readUIntBE(at + 1, 3) !== 0)
        throw new Error('the log of a container is not in the form it should have');
      if (bytes.length - at - 8 < length) break;
      const kind = bytes.readUInt8(at);
      const payload = bytes.subarray(at + 8, at + 8 + length);
      const stream = STREAMS[kind];
      if (stream === undefined)
        throw new Error(`the engine broke off a log: ${payload.toString('utf8', 0, 500)}`);
      frames.push({ stream, payload });
      at += 8 + length;
    }
    rest = Buffer.from(bytes.subarray(at)); // a copy: the chunk's memory is the stream's
    return frames;
  };
}

interface Pending {
  stamp: bigint;
  parts: Buffer[];
  bytes: number;
  cut: boolean;
}

/**
 * Puts records together to lines, per stream; a record without line end is continued by the next one.
 * `end` hands out what was printed without a line end.
 */
export function createLineReader(): { take(frame: Frame): StampedLine[]; end(): StampedLine[] } {
  const pending = new Map<Frame['stream'], Pending>();
  return {
    take(frame) {
      const { stamp, body } = readRecord(frame.payload);
      const lines: StampedLine[] = [];
      let open = pending.get(frame.stream);
      let from = 0;
      for (let to = body.indexOf(10); to !== -1; to = body.indexOf(10, from)) {
        open ??= { stamp, parts: [], bytes: 0, cut: false };
        add(open, body.subarray(from, to));
        lines.push(finish(open));
        open = undefined;
        from = to + 1;
      }
      if (from < body.length) {
        open ??= { stamp, parts: [], bytes: 0, cut: false };
        add(open, body.subarray(from));
      }
      if (open === undefined) pending.delete(frame.stream);
      else pending.set(frame.stream, open);
      return lines;
    },
    end() {
      const lines = [...pending.values()].map(finish);
      pending.clear();
      return lines;
    },
  };
}

/** The time in front of a record: `2026-11-21T02:55:13.123456789Z `. A record without one is all text, of time 0. */
function readRecord(payload: Buffer): { stamp: bigint; body: Buffer } {
  const space = payload.subarray(0, 64).indexOf(32);
  const stamp = space === -1 ? undefined : parseStamp(payload.toString('latin1', 0, space));
  return stamp === undefined ? { stamp: 0n, body: payload } : { stamp, body: payload.subarray(space + 1) };
}

/** Nanoseconds since 1970 of a time as the engine writes it; undefined when it is none. */
export function parseStamp(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, seconds = '', fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function add(pending: Pending, part: Buffer): void {
  const room = LINE_MAX_BYTES - pending.bytes;
  if (part.length > room) pending.cut = true;
  const kept = Buffer.from(part.subarray(0, Math.max(0, room)));
  pending.parts.push(kept);
  pending.bytes += kept.length;
}

function finish(pending: Pending): StampedLine {
  const text = Buffer.concat(pending.parts).toString('utf8').replace(/\r$/, '');
  return { stamp: pending.stamp, text: pending.cut ? `${text}${CUT}` : text };
}
