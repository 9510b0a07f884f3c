/**
 * The bytes of a rendezvous: a line with a secret, a greeting, then whatever the two ends say. Three details are not
 * bytes like others: the end of the input, the marker of an exit code, and the line itself.
 */

/** In a TLS record of its own: the client throws away everything that comes together with it. */
export const GREETING = 'rendezvous\r\n';

/** What a client sends at the end of its input. */
const END_OF_INPUT = 0x04;

const LINE_MAX_BYTES = 256;
const NEWLINE = 0x0a;

export type FirstLine =
  | { readonly state: 'incomplete' }
  | { readonly state: 'refused' }
  | { readonly state: 'read'; readonly secret: string; readonly rest: Buffer };

/** Reads `SECRET\r\n` out of chunks. What does not look like one is refused before it is complete. */
export function createFirstLineReader(): (chunk: Buffer) => FirstLine {
  let read = Buffer.alloc(0);
  return (chunk) => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf(NEWLINE);
    const line = (end === -1 ? read : read.subarray(0, end)).toString('latin1').replace(/\r$/, '');
    if (line.length > LINE_MAX_BYTES || !/^[0-9A-Za-z_-]*(?:\?[\x21-\x7e]*)?$/.test(line))
      return { state: 'refused' };
    if (end === -1) return { state: 'incomplete' };
    const secret = line.split('?', 1)[0] ?? '';
    return secret === '' ? { state: 'refused' } : { state: 'read', secret, rest: read.subarray(end + 1) };
  };
}

export interface InputReader {
  /** What of the input is to be passed on now. */
  take(chunk: Buffer): Buffer;
  /** True when the last thing said was the end: it is one if nothing follows soon. */
  mayBeOver(): boolean;
}

/**
 * The input of a process without a terminal, in which the byte 0x04 is the end only where nothing follows it: elsewhere
 * it is data.
 */
export function createInputReader(): InputReader {
  let held = false;
  return {
    take(chunk) {
      if (chunk.length === 0) return chunk;
      const before = held ? Buffer.of(END_OF_INPUT) : Buffer.alloc(0);
      held = chunk.at(-1) === END_OF_INPUT;
      return Buffer.concat([before, held ? chunk.subarray(0, -1) : chunk]);
    },
    mayBeOver: () => held,
  };
}

/** U+FFFF, with which the line of an exit code begins. */
const MARK = Buffer.from('\uFFFF', 'utf8');
/** The rest of such a line is no longer than this. */
const MARKED_MAX_BYTES = 128;

export interface OutputWriter {
  /** What can be sent now. */
  take(chunk: Buffer): Buffer;
  /** What was held back; to be sent when nothing more came for a while. */
  flush(): Buffer;
  /** Whether something is held back. */
  holds(): boolean;
}

/**
 * Output in which the line of an exit code is never cut: the client looks for it in each chunk. Anything else goes
 * through as it came.
 */
export function createOutputWriter(): OutputWriter {
  let held = Buffer.alloc(0);
  return {
    take(chunk) {
      const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const hold = heldBack(all);
      held = Buffer.from(all.subarray(all.length - hold));
      return all.subarray(0, all.length - hold);
    },
    flush() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
    holds: () => held.length > 0,
  };
}

/** How many bytes at the end are a marked line, or may become one. */
function heldBack(all: Buffer): number {
  const mark = all.lastIndexOf(MARK);
  if (mark !== -1) {
    const isOpen = !all.includes(NEWLINE, mark) && all.length - mark <= MARKED_MAX_BYTES;
    if (isOpen) return all.length - mark;
  }
  for (let length = Math.min(MARK.length - 1, all.length); length > 0; length -= 1)
    if (MARK.subarray(0, length).equals(all.subarray(all.length - length))) return length;
  return 0;
}
