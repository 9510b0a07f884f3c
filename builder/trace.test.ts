import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTrace } from './trace.ts';

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}
const bytes = (number: number, content: Buffer | string): Buffer => {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(body.length)]), body]);
};
const whole = (number: number, value: number): Buffer =>
  Buffer.from([...varint(number * 8), ...varint(value)]);

const message = (name: string, output: Buffer): Buffer =>
  Buffer.concat([
    bytes(
      1,
      Buffer.concat([
        bytes(1, 'sha256:a'),
        bytes(2, 'sha256:in'),
        bytes(3, name),
        whole(4, 1),
        bytes(5, ''),
        bytes(9, 'new field'),
      ]),
    ),
    bytes(2, 'statuses are not shown'),
    bytes(3, Buffer.concat([bytes(1, 'sha256:a'), whole(3, 2), bytes(4, output)])),
    whole(77, 5),
  ]);

describe('the trace of BuildKit', () => {
  it('gives back names and output of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 500 }), (name, output) => {
        const trace = decodeTrace(message(name, Buffer.from(output)));
        expect(trace.vertexes).toEqual([
          { digest: 'sha256:a', name, cached: true, started: true, completed: false, error: '' },
        ]);
        expect(trace.logs).toEqual([{ vertex: 'sha256:a', stream: 2, bytes: Buffer.from(output) }]);
      }),
    );
  });

  it('takes messages that are cut or nonsense without throwing', () => {
    const good = message('step', Buffer.from('x'));
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 60 }), (cut, noise) => {
        expect(decodeTrace(good.subarray(0, cut)).vertexes.length).toBeLessThanOrEqual(1);
        expect(decodeTrace(Buffer.from(noise)).logs.length).toBeLessThanOrEqual(30);
      }),
    );
  });
});
