/** HAProxy's longest message (`maxlen` of its ring) and what its length takes. */
const MOST_BYTES = 64 * 1024;
const MOST_DIGITS = 5;

/** Cuts a stream into the messages that were put into it, however the stream was chopped on its way. */
export interface Unframer {
  /** The messages that this chunk completes. Throws for what is no such stream; after that nothing can be trusted. */
  push(chunk: Buffer): Buffer[];
}

/**
 * Reads octet counting (RFC 6587, 3.4.1): a length in decimal, a space, so many bytes. What is in a message cannot end
 * it, so nothing that a visitor sends can pass for a message of its own.
 */
export function createUnframer(): Unframer {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const messages: Buffer[] = [];
      for (;;) {
        const head = headOf(bytes);
        if (head === undefined || bytes.length < head.start + head.length) break;
        messages.push(bytes.subarray(head.start, head.start + head.length));
        bytes = bytes.subarray(head.start + head.length);
      }
      rest = bytes;
      return messages;
    },
  };
}

/** Where the first message begins and how long it is; undefined while that is not known yet. */
function headOf(bytes: Buffer): { start: number; length: number } | undefined {
  const space = bytes.subarray(0, MOST_DIGITS + 1).indexOf(0x20);
  const digits = bytes.toString('latin1', 0, space < 0 ? Math.min(bytes.length, MOST_DIGITS + 1) : space);
  if (space < 0 && bytes.length <= MOST_DIGITS && /^\d*$/.test(digits)) return undefined;
  const length = Number(digits);
  if (space < 1 || !/^\d+$/.test(digits) || length > MOST_BYTES)
    throw new Error('what arrived is not framed by octet counting');
  return { start: space + 1, length };
}
