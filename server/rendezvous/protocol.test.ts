import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFirstLineReader, createInputReader, createOutputWriter } from './protocol.ts';

const cut = (all: Buffer, places: readonly number[]): Buffer[] => {
  const at = [0, ...places.map((n) => n % (all.length + 1)).toSorted((a, b) => a - b), all.length];
  return at.slice(1).map((end, i) => all.subarray(at[i], end));
};
const places = fc.array(fc.nat(), { maxLength: 6 });
/** Bytes in which what matters here is frequent. */
const bytes = fc
  .array(fc.constantFrom(0x04, 0x0a, 0xef, 0xbf, 0x30, 0x61), { maxLength: 200 })
  .map((list) => Buffer.from(list));

describe('the first line', () => {
  it('is read wherever it was cut, and what follows belongs to the process', () => {
    fc.assert(
      fc.property(bytes, places, (rest, cuts) => {
        const reader = createFirstLineReader();
        const chunks = cut(Buffer.concat([Buffer.from('0123abcdef\r\n'), rest]), cuts);
        let after: Buffer = Buffer.alloc(0);
        let secret = '';
        for (const chunk of chunks) {
          if (secret !== '') {
            after = Buffer.concat([after, chunk]);
            continue;
          }
          const line = reader(chunk);
          if (line.state === 'read') [secret, after] = [line.secret, line.rest];
        }
        expect(secret).toBe('0123abcdef');
        expect(after).toEqual(rest);
      }),
    );
  });

  it('may carry a query, which means nothing', () => {
    expect(createFirstLineReader()(Buffer.from('abc?x=1\n'))).toMatchObject({ secret: 'abc' });
  });

  it.each(['GET / HTTP/1.1\r\n', '\r\n', 'a b\r\n', 'a'.repeat(300), 'a\0b', '\u00e9'])(
    'that is none is refused: %j',
    (text) => {
      expect(createFirstLineReader()(Buffer.from(text))).toEqual({ state: 'refused' });
    },
  );

  it('is waited for', () => {
    expect(createFirstLineReader()(Buffer.from('abc'))).toEqual({ state: 'incomplete' });
  });
});

describe('input without a terminal', () => {
  it('arrives as it was sent, but for the one 0x04 at its very end', () => {
    fc.assert(
      fc.property(bytes, places, (data, cuts) => {
        const reader = createInputReader();
        const sent = cut(Buffer.concat([data, Buffer.of(4)]), cuts);
        expect(Buffer.concat(sent.map((chunk) => reader.take(chunk)))).toEqual(data);
        expect(reader.mayBeOver()).toBe(true);
      }),
    );
  });

  it('is not over while nobody says so', () => {
    const reader = createInputReader();
    expect(reader.take(Buffer.from('a\x04'))).toEqual(Buffer.from('a'));
    expect(reader.take(Buffer.from('b'))).toEqual(Buffer.from('\x04b'));
    expect(reader.mayBeOver()).toBe(false);
  });
});

describe('output', () => {
  it('loses and adds nothing, wherever it is cut', () => {
    fc.assert(
      fc.property(bytes, places, (data, cuts) => {
        const writer = createOutputWriter();
        const sent = cut(data, cuts).map((chunk) => writer.take(chunk));
        expect(Buffer.concat([...sent, writer.flush()])).toEqual(data);
      }),
    );
  });

  it('holds the line of an exit code in one piece', () => {
    const line = Buffer.from('\uFFFF heroku-command-exit-status: 127\n');
    fc.assert(
      fc.property(bytes, places, (before, cuts) => {
        const writer = createOutputWriter();
        const sent = cut(Buffer.concat([before, Buffer.from('x'), line]), cuts).map((chunk) =>
          writer.take(chunk),
        );
        expect(sent.some((chunk) => chunk.includes(line))).toBe(true);
        expect(writer.holds()).toBe(false);
      }),
    );
  });

  it('that only looks like such a line is not held for ever', () => {
    const writer = createOutputWriter();
    expect(writer.take(Buffer.from(`\uFFFF${'x'.repeat(300)}`)).length).toBe(303);
  });
});
