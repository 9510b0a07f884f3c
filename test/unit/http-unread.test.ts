import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../../server/contract/resources.ts';
import { answerUnread } from '../../server/http/unread.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openTestDoor({ bodyMs: 50 });
  door.world.deployed('demo');
});
afterAll(() => door[Symbol.asyncDispose]());

/** Everything that comes back until the server ends the connection, or has answered what was sent whole. */
async function say(bytes: string | Uint8Array, options: { port?: number; end?: boolean } = {}) {
  const port = options.port ?? Number(new URL(door.url).port);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(bytes);
  if (options.end === true) socket.end();
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  socket.destroy();
  return Buffer.concat(chunks).toString();
}

/** Status and failure of an answer; throws when it is not JSON of the shape that all failures have. */
function read(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(/^content-type: application\/json/im);
  const { id, message, request_id: requestId } = failure.parse(JSON.parse(body));
  expect(head.toLowerCase()).toContain(`request-id: ${requestId}`);
  return { status: Number(head.split(' ')[1]), id, message };
}

/** The answers of one connection, each cut off by its own length. */
function each(answers: string): string[] {
  if (answers === '') return [];
  const head = answers.slice(0, answers.indexOf('\r\n\r\n') + 4);
  const length = head.length + Number(/^content-length: (\d+)/im.exec(head)?.[1]);
  return [answers.slice(0, length), ...each(answers.slice(length))];
}

const HOST = 'Host: api.localhost\r\n';
const MINE = (): string => `${HOST}Authorization: Bearer ${door.world.adminToken}\r\n`;

describe('what never becomes a request', () => {
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, /not HTTP/],
    ['the greeting of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, /not HTTP/],
    ['a method that nobody knows', `BREW /apps HTTP/1.1\r\n${HOST}\r\n`, 501, /^BREW is no method/],
    ['another version of HTTP', `GET /apps HTTP/3.7\r\n${HOST}\r\n`, 400, /HTTP\/1\.1/],
    ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, /over TLS/],
    ['a path that is no path', `GET /ap\x01ps HTTP/1.1\r\n${HOST}\r\n`, 400, /percent-encoded/],
    ['a header that is none', `GET /apps HTTP/1.1\r\n${HOST}a b: c\r\n\r\n`, 400, /header fields/],
    [
      'a head that is too long',
      `GET /apps HTTP/1.1\r\n${HOST}a: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      /16 KB/,
    ],
    ['a path that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, 431, /16 KB/],
    ['a length that is none', `POST /apps HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`, 400, /Length/],
    [
      'a body of two lengths',
      `POST /apps HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
      /Transfer-Encoding/,
    ],
  ])('is refused as everything else is: %s', async (_what, bytes, status, message) => {
    expect(read(await say(bytes))).toEqual({
      status,
      id: expect.any(String) as string,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ['no host', 'GET /apps HTTP/1.1\r\n\r\n', 400, /Host header/],
    ['an expectation', `GET /apps HTTP/1.1\r\n${HOST}Expect: a-miracle\r\n\r\n`, 417, /Expect/],
    ['half a character', `GET /health/%zz HTTP/1.1\r\n${HOST}\r\n`, 401, /credentials/],
    ['a tunnel', `CONNECT example.com:443 HTTP/1.1\r\n${HOST}\r\n`, 400, /no path/],
    ['everything', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 400, /no path/],
  ])('nor has words of its own for a request with %s', async (_what, bytes, status, message) => {
    const answer = read(await say(bytes, { end: true }));
    expect([answer.status, answer.message]).toEqual([status, expect.stringMatching(message)]);
  });

  it('says that a path is badly encoded', async () => {
    const answer = read(await say(`GET /apps/%zz HTTP/1.1\r\n${MINE()}Connection: close\r\n\r\n`));
    expect(answer).toMatchObject({
      status: 400,
      message: expect.stringContaining('percent-encoded') as string,
    });
  });

  it.each([
    ['ends early', 'Content-Length: 40\r\n\r\n{"maintenance"', true, 400, 'bad_request'],
    ['is chunked badly', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n', false, 400, 'bad_request'],
    ['does not come in time', 'Content-Length: 40\r\n\r\n{"maintenance"', false, 408, 'request_timeout'],
  ])('a body that %s', async (_what, rest, end, status, id) => {
    const answer = read(await say(`PATCH /apps/demo HTTP/1.1\r\n${MINE()}${rest}`, { end }));
    expect(answer).toMatchObject({ status, id });
    expect(door.world.apps.get('demo')?.app.maintenance).toBe(false);
  });

  it('is told behind the answer of the request before it, not in its middle', async () => {
    const whole = await say(`GET /health HTTP/1.1\r\n${HOST}\r\nrubbish\r\n\r\n`);
    expect(whole).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(read(whole.slice(whole.lastIndexOf('HTTP/1.1 ')))).toMatchObject({ status: 400 });
  });

  it('is given up when it does not come in time', async () => {
    const server = answerUnread(createServer({ headersTimeout: 20, connectionsCheckingInterval: 10 }));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    expect(read(await say('GET /apps HT', { port }))).toMatchObject({ status: 408, id: 'request_timeout' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('never gets another answer than that, whatever the bytes', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ' ',
        '\r\n',
        ': ',
        '%',
        '\0',
        '\n',
        '/',
        '//',
        '*',
        '@',
        '[',
        'http://',
        '?',
        '#',
        '..',
      ),
      fc.constantFrom(
        'Transfer-Encoding',
        'Content-Length',
        'chunked',
        '1',
        'Upgrade',
        'Expect',
        'Connection',
      ),
      fc.string({ maxLength: 5, unit: 'binary' }),
    );
    const some = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const method = fc.constantFrom('GET', 'POST', 'OPTIONS', 'TRACE', 'CONNECT', 'M-SEARCH', 'HEAD', 'PURGE');
    await fc.assert(
      fc.asyncProperty(method, some, some, fc.constantFrom('', HOST), async (verb, path, rest, host) => {
        const answers = await say(`${verb} /${path} HTTP/1.1\r\n${host}${rest}\r\n\r\n`, { end: true });
        for (const answer of verb === 'HEAD' ? [] : each(answers))
          expect(read(answer).status).toBeLessThan(502);
      }),
      { numRuns: 300 },
    );
  });
});
