import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRunFrameReader, frame, KINDS, type FrameKind } from './run-frames.ts';

const kinds = Object.keys(KINDS) as FrameKind[];

describe('frames', () => {
  it('arrive whole and in order, wherever the stream was cut', () => {
    const one = fc.record({ kind: fc.constantFrom(...kinds), body: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(one), fc.integer({ min: 1, max: 20 }), (sent, step) => {
        const stream = Buffer.concat(sent.map(({ kind, body }) => frame(kind, body)));
        const read = createRunFrameReader();
        const got = [];
        for (let at = 0; at < stream.length; at += step) got.push(...read(stream.subarray(at, at + step)));
        expect(got).toEqual(sent.map(({ kind, body }) => ({ kind, body: Buffer.from(body) })));
      }),
    );
  });

  it('of an unknown kind or of a length beyond reason are no frames', () => {
    expect(() => createRunFrameReader()(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(/no stream of frames/);
    expect(() => createRunFrameReader()(Buffer.from([0, 255, 0, 0, 0]))).toThrow(/no stream of frames/);
  });
});
