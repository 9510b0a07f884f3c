import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { issue } from '../../../test/support/certificates.ts';
import { readDrainUrl } from '../../domain/drain.ts';
import type { DrainBatch, DrainPipe } from '../../ports/drains.ts';
import { createDrainPipes, type PipesDeps } from './drain-pipes.ts';

const never = new AbortController().signal;
const TOKEN = 'd.01234567-89ab-4cde-8f01-23456789abcd';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const batch = (...texts: readonly string[]): DrainBatch => ({
  ...{ id: 'one', token: TOKEN },
  lines: texts.map((text) => ({ at: new Date(0), source: 'app', instance: 'web.1', text })),
});
const framed = (text: string): string => {
  const message = `<190>1 1970-01-01T00:00:00.000000+00:00 ${TOKEN} app web.1 - - ${text}\n`;
  return `${message.length} ${message}`;
};

/** A pipe that may go to loopback, as an operator may allow. */
function open(url: string, deps: Partial<PipesDeps> = {}): DrainPipe {
  const target = readDrainUrl(url);
  if ('problem' in target) throw new Error(target.problem);
  const pipe = createDrainPipes({ allow: ['127.0.0.0/8'], version: '1', ...deps }).open(target);
  closing.push(() => pipe[Symbol.asyncDispose]());
  return pipe;
}

/** A receiver that remembers what it heard, per connection. */
async function receiver(make: (take: (socket: Socket) => void) => Server = (take) => createServer(take)) {
  const heard: string[] = [];
  const sockets: Socket[] = [];
  const server = make((socket) => {
    const index = heard.push('') - 1;
    sockets.push(socket);
    socket.on('data', (chunk: Buffer) => (heard[index] = `${heard[index] ?? ''}${chunk.toString()}`));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  closing.push(end);
  return { heard, sockets, port: (server.address() as AddressInfo).port, end };
}

it('keeps one connection to a syslog receiver and frames every line on it', async () => {
  const to = await receiver();
  const pipe = open(`syslog://127.0.0.1:${to.port}`);
  await pipe.send(batch('a', 'b'), never);
  await pipe.send(batch('c'), never);
  await expect.poll(() => to.heard).toEqual([framed('a') + framed('b') + framed('c')]);
  await pipe[Symbol.asyncDispose]();
  await expect.poll(() => to.sockets[0]?.readableEnded).toBe(true);
});

it('connects again when the receiver has closed the connection', async () => {
  const to = await receiver();
  const pipe = open(`syslog://127.0.0.1:${to.port}`);
  await pipe.send(batch('a'), never);
  await expect.poll(() => to.heard.length).toBe(1);
  to.sockets[0]?.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await pipe.send(batch('b'), never);
  await expect.poll(() => to.heard).toEqual([framed('a'), framed('b')]);
});

it('says that a receiver is away, and reaches it once it is there', async () => {
  const to = await receiver();
  to.end();
  const pipe = open(`syslog://127.0.0.1:${to.port}`);
  await expect(pipe.send(batch('a'), never)).rejects.toMatchObject({
    ...{ id: 'egress_failed', params: { reason: 'ECONNREFUSED' } },
  });
});

it('gives up at once when it is to stop, also on a receiver that takes nothing', async () => {
  const to = await receiver((take) => createServer({ pauseOnConnect: true }, take));
  const pipe = open(`syslog://127.0.0.1:${to.port}`);
  const stop = new AbortController();
  const huge = batch(...Array.from({ length: 100 }, () => 'x'.repeat(200_000)));
  const sending = pipe.send(huge, stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await expect(sending).rejects.toThrow('enough');
});

it('speaks TLS with a receiver whose certificate is good for its name, and with no other', async () => {
  const good = await issue({ names: ['logs.example.com'], days: 2 });
  const to = await receiver((take) => createTlsServer({ key: good.key, cert: good.certificate }, take));
  const resolve = () => Promise.resolve(['127.0.0.1']);
  const deps = { resolve, ca: good.certificate };
  await open(`syslog+tls://logs.example.com:${to.port}`, deps).send(batch('a'), never);
  await expect.poll(() => to.heard.at(-1)).toBe(framed('a'));
  for (const [url, given] of [
    [`syslog+tls://other.example.com:${to.port}`, deps],
    [`syslog+tls://logs.example.com:${to.port}`, { resolve }],
    [`https://other.example.com:${to.port}/`, deps],
  ] as const)
    await expect(open(url, given).send(batch('secret'), never)).rejects.toMatchObject({
      id: 'egress_failed',
    });
  expect(to.heard.join('')).not.toContain('secret');
});

it('posts to an HTTP receiver as Logplex does, and takes nothing but 2xx for an answer', async () => {
  const got: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const answers = [500, 302, 204];
  const server = createHttpServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      got.push({ headers: req.headers, body });
      res.writeHead(answers.shift() ?? 200, { location: 'http://127.0.0.1:1/' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const pipe = open(`http://me:pa55@127.0.0.1:${port}/in`);
  for (const status of ['500', '302'])
    await expect(pipe.send(batch('a', 'b'), never)).rejects.toMatchObject({
      ...{ id: 'egress_failed', params: { reason: `it answered ${status}` } },
    });
  await pipe.send(batch('a', 'b'), never);
  expect(got).toHaveLength(3);
  expect(new Set(got.map(({ headers }) => headers['logplex-frame-id'])).size).toBe(1);
  expect(got[2]).toMatchObject({
    headers: {
      'content-type': 'application/logplex-1',
      'logplex-msg-count': '2',
      'logplex-frame-id': expect.stringMatching(/^[0-9A-F]{32}$/) as string,
      'logplex-drain-token': TOKEN,
      'user-agent': 'Logplex/v1',
      authorization: `Basic ${Buffer.from('me:pa55').toString('base64')}`,
    },
    body: ['a', 'b']
      .map((text) => `<190>1 1970-01-01T00:00:00.000000+00:00 host app web.1 - ${text}\n`)
      .map((message) => `${message.length} ${message}`)
      .join(''),
  });
});

it.each([
  ...[
    'syslog://127.0.0.1:514',
    'syslog+tls://[::1]:6514',
    'syslog://0x7f000001:514',
    'syslog://10.0.0.1:514',
  ],
  ...['http://169.254.169.254/latest', 'https://[::ffff:10.0.0.1]/', 'syslog://2130706433:514'],
])('goes nowhere inside: %s', async (url) => {
  await expect(open(url, { allow: [] }).send(batch('a'), never)).rejects.toMatchObject({
    id: 'egress_refused',
  });
});

it('judges the address of a name each time it connects, and dials the one it judged', async () => {
  const to = await receiver();
  const answers = [['127.0.0.1'], ['10.0.0.1']];
  const resolve = () => Promise.resolve(answers.shift() ?? []);
  const pipe = open(`syslog://rebinding.example:${to.port}`, { resolve });
  await pipe.send(batch('a'), never);
  await expect.poll(() => to.heard.length).toBe(1);
  to.sockets[0]?.end();
  await new Promise((done) => setTimeout(done, 50));
  await expect(pipe.send(batch('b'), never)).rejects.toMatchObject({ id: 'egress_refused' });
});
