/**
 * What goes over the wire between our own client and a process: frames of a kind, a length (four bytes, big-endian)
 * and a body, both ways. Chunks may be cut anywhere.
 */
export const KINDS = {
  input: 0,
  inputEnd: 1,
  resize: 2,
  signal: 3,
  out: 16,
  err: 17,
  exit: 18,
  problem: 19,
  beat: 20,
} as const;
export type FrameKind = keyof typeof KINDS;

export interface RunFrame {
  readonly kind: FrameKind;
  readonly body: Buffer;
}

/** The name of the protocol in an Upgrade header. */
export const RUN_PROTOCOL = 'gantry-run';
/** Where the upgrade is asked for; the secret is in `SECRET_HEADER`, because paths are logged. */
export const RUN_PATH = '/gantry/runs/attach';
export const SECRET_HEADER = 'gantry-run-secret';

const HEAD_BYTES = 5;
const BODY_MAX_BYTES = 1024 * 1024;
const NAMES = new Map<number, FrameKind>(
  Object.entries(KINDS).map(([name, number]) => [number, name as FrameKind]), // its own keys
);

export function frame(kind: FrameKind, body: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(KINDS[kind], 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Takes chunks, hands out whole frames. Throws for what is no such stream. */
export function createRunFrameReader(): (chunk: Buffer) => RunFrame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: RunFrame[] = [];
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const kind = NAMES.get(bytes.readUInt8(at));
      const length = bytes.readUInt32BE(at + 1);
      if (kind === undefined || length > BODY_MAX_BYTES) throw new Error('this is no stream of frames');
      if (bytes.length - at - HEAD_BYTES < length) break;
      frames.push({ kind, body: Buffer.from(bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)) });
      at += HEAD_BYTES + length;
    }
    rest = Buffer.from(bytes.subarray(at)); // a copy: the chunk's memory is the stream's
    return frames;
  };
}
