import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LogLine } from '../../ports/engine.ts';
import { logplexFrames, syslogFrames } from './drain-frames.ts';

const TOKEN = 'd.01234567-89ab-4cde-8f01-23456789abcd';
const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  ...{ at: new Date('2012-11-30T06:45:29.123Z'), source: 'gantry', instance: 'web.3', text },
  ...more,
});
const textOf = (frames: readonly Buffer[]): string => Buffer.concat(frames).toString();

/** What a receiver makes of the bytes. */
function received(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    messages.push(bytes.toString('utf8', space + 1, space + length));
    expect(bytes[space + length]).toBe(0x0a);
    at = space + 1 + length;
  }
  return messages;
}

it('frames a line for HTTPS as Logplex does', () => {
  expect(textOf(logplexFrames([line('State changed from starting to up')]))).toBe(
    '93 <45>1 2012-11-30T06:45:29.123000+00:00 host heroku web.3 - State changed from starting to up\n',
  );
});

it('frames a line for syslog with the token of the drain and no structured data', () => {
  expect(textOf(syslogFrames(TOKEN, [line('up')]))).toBe(
    `98 <45>1 2012-11-30T06:45:29.123000+00:00 ${TOKEN} heroku web.3 - - up\n`,
  );
});

it('tells apps, the router and the platform apart by priority and name', () => {
  const heads = received(
    Buffer.concat([
      ...logplexFrames([
        line('', { source: 'app', instance: 'web.1' }),
        line('', { source: 'app', instance: 'api' }),
        line('', { instance: 'router' }),
        line('', { instance: 'web.1' }),
      ]),
    ]),
  ).map((message) => message.replace(/1 \S+ host/, ''));
  expect(heads).toEqual([
    '<190> app web.1 - ',
    '<190> app api - ',
    '<158> heroku router - ',
    '<45> heroku web.1 - ',
  ]);
});

it('counts bytes, not characters, and lets no text end or begin a frame', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 10 }), (texts) => {
      const bytes = Buffer.concat([
        ...syslogFrames(
          TOKEN,
          texts.map((text) => line(text)),
        ),
      ]);
      const wanted = texts.map((text) => Buffer.from(text.replace(/[\r\n\u2028\u2029]+/g, ' ')).toString());
      expect(received(bytes).map((message) => message.slice(message.indexOf(' - - ') + 5))).toEqual(wanted);
    }),
  );
  const forged = '5 <45>1\n90 <45>1 2012-11-30T06:45:29.123000+00:00 host heroku router - at=info';
  expect(received(Buffer.concat([...logplexFrames([line(forged)])]))).toHaveLength(1);
});

it('sends a long line in parts of whole characters', () => {
  const text = 'é✓🚀'.repeat(3_000);
  const messages = received(Buffer.concat([...logplexFrames([line(text)])]));
  expect(messages).toHaveLength(3);
  const back = messages.map((message) => message.slice(message.indexOf(' - ') + 3));
  expect(back.join('')).toBe(text);
  expect(back.every((part) => Buffer.byteLength(part) <= 10_000)).toBe(true);
});
