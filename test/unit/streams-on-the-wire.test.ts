import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatLogLine, parseLogLine } from '../../server/contract/log-line.ts';
import { serverEvents, textLines, type ServerEvent } from '../../server/contract/sse.ts';

async function* pieces(text: string, cuts: readonly number[]): AsyncGenerator<string> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield text.slice(from, Math.max(from, cut));
    from = Math.max(from, cut);
  }
  yield text.slice(from);
  await Promise.resolve();
}

const line = fc.string().map((text) => text.replace(/[\r\n]/g, ''));
const event = fc.record({ id: fc.nat().map(String), data: fc.array(line, { minLength: 1, maxLength: 3 }) });

it('reads the same events however the text is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event), fc.array(fc.nat({ max: 200 })), async (events, cuts) => {
      const text = events
        .map(({ id, data }) => `:comment\nid: ${id}\n${data.map((one) => `data: ${one}\n`).join('')}\n`)
        .join('');
      const read: ServerEvent[] = [];
      for await (const one of serverEvents(pieces(`retry: 1\n\n${text}`, cuts))) read.push(one);
      expect(read).toEqual(events);
    }),
  );
});

it('says where the listener is before anything has happened', async () => {
  const read: ServerEvent[] = [];
  for await (const one of serverEvents(pieces('retry: 1\nid: 7\n\n:keepalive\n\nid: 7\ndata: x\n\n', [])))
    read.push(one);
  expect(read).toEqual([
    { id: '7', data: [] },
    { id: '7', data: ['x'] },
  ]);
});

it('drops an event that was cut short', async () => {
  const read = [];
  for await (const one of serverEvents(pieces('data: whole\n\ndata: half\n', []))) read.push(one.data);
  expect(read).toEqual([['whole']]);
});

it('gives the last line of a text even when it lacks its end', async () => {
  const read = [];
  for await (const one of textLines(pieces('a\r\nb\nc', [1, 2]))) read.push(one);
  expect(read).toEqual(['a', 'b', 'c']);
});

it('writes log lines that are one line each and read back as they were', () => {
  const at = new Date('2026-11-21T10:00:00.123Z');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = formatLogLine({ at, source: 'app', instance: 'web.1', text });
      expect(written).not.toMatch(/[\r\n]/);
      expect(parseLogLine(written)).toMatchObject({
        at: '2026-11-21T10:00:00.123000+00:00',
        source: 'app',
        instance: 'web.1',
        text: text.replace(/[\r\n\u2028\u2029]+/g, ' ').trimEnd(),
      });
    }),
  );
});
