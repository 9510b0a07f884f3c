import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, createLineReader, parseStamp, type Frame } from './frames.ts';

function encode(stream: Frame['stream'], payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream === 'out' ? 1 : 2, 0);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

function record(stream: Frame['stream'], text: string, at = '2026-11-21T02:55:13.000000001Z'): Frame {
  return { stream, payload: Buffer.from(`${at} ${text}`) };
}

const frames = fc.array(
  fc.record({
    stream: fc.constantFrom<Frame['stream']>('out', 'err'),
    payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 20 },
);

/** Cuts at these places, wherever they fall. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...at.map((n) => n % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.map((to, i) => bytes.subarray(i === 0 ? 0 : places[i - 1], to));
}

describe('reading frames', () => {
  it('gives the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(5_000), { maxLength: 30 }), (sent, places) => {
        const bytes = Buffer.concat(sent.map(({ stream, payload }) => encode(stream, payload)));
        const read = createFrameReader();
        expect(cut(bytes, places).flatMap((chunk) => read(Buffer.from(chunk)))).toEqual(sent);
      }),
    );
  });

  it('keeps what it has read when the memory of a chunk is used again', () => {
    const bytes = encode('out', Buffer.from('2026-11-21T02:55:13Z hello\n'));
    const read = createFrameReader();
    const first = Buffer.from(bytes.subarray(0, 20));
    expect(read(first)).toEqual([]);
    first.fill(0);
    expect(read(bytes.subarray(20))).toEqual([{ stream: 'out', payload: bytes.subarray(8) }]);
  });

  it('refuses bytes that are no frames instead of waiting for gigabytes', () => {
    expect(() => createFrameReader()(Buffer.from('plain text of a terminal'))).toThrow('not in the form');
  });

  it('passes on the error that an engine writes into a log', () => {
    const bytes = encode('out', Buffer.from('disk is gone'));
    bytes.writeUInt8(3, 0);
    expect(() => createFrameReader()(bytes)).toThrow('the engine broke off a log: disk is gone');
  });
});

describe('putting records together to lines', () => {
  const texts = (sent: readonly Frame[]): string[] => {
    const reader = createLineReader();
    return [...sent.flatMap((frame) => reader.take(frame)), ...reader.end()].map((line) => line.text);
  };

  it('gives back the lines of a stream, however long ones were cut into records', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 7 }), (lines, size) => {
        const sent = lines.flatMap((text) => {
          const bytes = Buffer.from(`${text}\n`);
          const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          const stamp = Buffer.from('2026-11-21T02:55:13.5Z ');
          return parts.map((part) => ({ stream: 'out' as const, payload: Buffer.concat([stamp, part]) }));
        });
        expect(texts(sent)).toEqual(lines);
      }),
    );
  });

  it('does not mix the two streams when their records alternate', () => {
    const sent = [record('out', 'to '), record('err', 'oh '), record('out', 'you\n'), record('err', 'no\n')];
    expect(texts(sent)).toEqual(['to you', 'oh no']);
  });

  it('takes the time of the first record of a line, exact to the nanosecond', () => {
    const reader = createLineReader();
    reader.take(record('out', 'a', '2026-11-21T02:55:13.000000001Z'));
    expect(reader.take(record('out', 'b\n', '2026-11-21T02:55:14Z'))).toEqual([
      { stamp: 1795229713000000001n, text: 'ab' },
    ]);
  });

  it('hands out a last line without an end, and drops a carriage return', () => {
    expect(texts([record('out', 'one\r\n'), record('out', 'two')])).toEqual(['one', 'two']);
  });

  it('cuts a line that is longer than 256 KiB and says so', () => {
    const part = 'x'.repeat(16_384);
    const sent = [
      ...Array.from({ length: 40 }, () => record('out', part)),
      record('out', 'end\n'),
      record('out', 'z\n'),
    ];
    const [long = '', next] = texts(sent);
    expect(long).toBe(`${'x'.repeat(256 * 1024)} [line cut: longer than 256 KiB]`);
    expect(next).toBe('z');
  });

  it('makes text of anything', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        for (const text of texts(sent)) expect(text).not.toContain('\n');
      }),
    );
  });
});

describe('reading times', () => {
  it('keeps the order that the engine gave', () => {
    const nanos = fc.bigInt({ min: 0n, max: 4_000_000_000n * 1_000_000_000n });
    fc.assert(
      fc.property(nanos, (stamp) => {
        const seconds = new Date(Number(stamp / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
        const fraction = String(stamp % 1_000_000_000n)
          .padStart(9, '0')
          .replace(/0+$/, '');
        expect(parseStamp(`${seconds}${fraction === '' ? '' : '.'}${fraction}Z`)).toBe(stamp);
      }),
    );
  });

  it('knows what is no time', () => {
    expect(parseStamp('hello')).toBeUndefined();
    expect(parseStamp('2026-13-45T99:00:00Z')).toBeUndefined();
  });
});
