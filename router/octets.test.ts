import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createUnframer } from './octets.ts';

const framed = (messages: readonly Uint8Array[]): Buffer =>
  Buffer.concat(messages.flatMap((one) => [Buffer.from(`${one.length} `), one]));

it('gives back every message whole, whatever is in it and however the stream is chopped', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 }),
      (messages, sizes) => {
        const unframer = createUnframer();
        const stream = framed(messages);
        const heard: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n += 1) {
          const size = sizes[n % sizes.length] ?? 1;
          heard.push(...unframer.push(Buffer.from(stream.subarray(at, at + size))));
          at += size;
        }
        expect(heard.map((one) => one.toString('hex'))).toEqual(
          messages.map((one) => Buffer.from(one).toString('hex')),
        );
      },
    ),
  );
});

it('refuses what is no such stream instead of guessing, and holds no more than a message of it', () => {
  for (const text of ['GET / HTTP/1.1\r\n', ' 5 hello', '-1 x', '999999 x', '1234567', '65537 x', '5x hello'])
    expect(() => createUnframer().push(Buffer.from(text)), text).toThrow('octet counting');
  expect(createUnframer().push(Buffer.from('65536 x'))).toEqual([]);
});
