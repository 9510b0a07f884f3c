import { once } from 'node:events';
import { ServerResponse, type IncomingMessage, type RequestListener } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../lib/log.ts';
import {
  createRunFrameReader,
  frame,
  RUN_PATH,
  RUN_PROTOCOL,
  SECRET_HEADER,
  type RunFrame,
} from '../contract/run-frames.ts';
import { PlatformError } from '../domain/errors.ts';
import { RUN_SIGNALS } from '../domain/run.ts';
import type { Attachment } from '../ports/runs.ts';
import type { RunSession } from '../services/run-sessions.ts';
import type { Runs } from '../services/runs.ts';
import { refusal } from './refusal.ts';

/** The router gives up on a connection that is silent for longer. */
const BEAT_MS = 15_000;
const FAREWELL_MS = 2_000;

export interface RunUpgradeDeps {
  readonly runs: Pick<Runs, 'claim'>;
  readonly log: Logger;
  /** Aborts when streams must end. */
  readonly ending: AbortSignal;
  /** Serves what asks for another upgrade, which need not be granted, as if it had not asked. */
  readonly serve: RequestListener;
}

/**
 * Where our own client meets its process: an HTTP upgrade, which passes through the router, to a stream of frames. The
 * secret is the permission, and opens one connection.
 */
export function createRunUpgrade({ runs, log, ending, serve }: RunUpgradeDeps) {
  return (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    if (req.url !== RUN_PATH || req.headers.upgrade?.toLowerCase() !== RUN_PROTOCOL) {
      serveWithout(req, socket, serve);
      return;
    }
    const secret = req.headers[SECRET_HEADER];
    const session = typeof secret === 'string' ? runs.claim(secret) : undefined;
    if (session === undefined) {
      const refused = PlatformError.of('not_found', { resource: 'run', name: 'with this secret' });
      socket.end(refusal(refused, 'run'));
      return;
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${RUN_PROTOCOL}\r\n\r\n`,
    );
    attend(socket, head, session, ending, log).catch((err: unknown) => {
      log.error({ err, run: session.name }, 'a connection to a run ended badly');
      socket.destroy();
    });
  };
}

/**
 * Node hands every request that asks for an upgrade over with its bare socket, its body unread: without one it can be
 * answered all the same.
 */
export function serveWithout(req: IncomingMessage, socket: Duplex, serve: RequestListener): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  if (length !== '0' || encoding !== undefined || !(socket instanceof Socket)) {
    const problem = 'it asks for an upgrade, which is not to be had here; send it without the Upgrade header';
    socket.end(refusal(PlatformError.of('bad_request', { problem })));
    return;
  }
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once('finish', () => socket.end());
  socket.once('close', () => res.emit('close'));
  serve(req, res);
}

async function attend(
  socket: Duplex,
  head: Buffer,
  session: RunSession,
  ending: AbortSignal,
  log: Logger,
): Promise<void> {
  const send = (bytes: Buffer): boolean => socket.writable && socket.write(bytes);
  const beat = setInterval(() => void send(frame('beat')), BEAT_MS);
  const { left, release } = leaving(socket, session.cut, ending);
  try {
    const attachment = await session.open();
    forward(socket, head, attachment);
    await Promise.race([left, show(socket, attachment, send)]);
    const code = await Promise.race([left, attachment.exitCode()]);
    if (typeof code === 'number') send(frame('exit', String(code)));
  } catch (err) {
    if (!PlatformError.is(err)) log.error({ err, run: session.name }, 'a connection to a run failed');
    const sentence = PlatformError.is(err) ? err.message : 'Something went wrong inside the platform.';
    send(frame('problem', sentence));
  } finally {
    if (session.cut.aborted) send(frame('problem', (session.cut.reason as Error).message));
    if (ending.aborted) send(frame('problem', 'The platform is restarting; the connection was closed.'));
    clearInterval(beat);
    release();
    await session[Symbol.asyncDispose]();
    socket.resume();
    socket.end();
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }
}

function leaving(socket: Duplex, ...signals: readonly AbortSignal[]) {
  let tell = (): void => undefined;
  const left = new Promise<void>((resolve) => (tell = resolve));
  socket.once('end', tell);
  socket.once('close', tell);
  for (const signal of signals) {
    if (signal.aborted) tell();
    signal.addEventListener('abort', tell, { once: true });
  }
  const release = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', tell);
  };
  return { left, release };
}

/** What the client says goes to the process, one piece at a time. */
function forward(socket: Duplex, head: Buffer, attachment: Attachment): void {
  const read = createRunFrameReader();
  const take = async (chunk: Buffer): Promise<void> => {
    for (const one of read(chunk)) await obey(one, attachment);
  };
  const next = (chunk: Buffer): void => {
    socket.pause();
    take(chunk).then(
      () => socket.resume(),
      () => socket.destroy(), // not the protocol; or the engine is away, which its output tells
    );
  };
  socket.on('data', next);
  next(head);
}

async function obey({ kind, body }: RunFrame, attachment: Attachment): Promise<void> {
  if (kind === 'input') await attachment.write(body);
  else if (kind === 'inputEnd') attachment.end();
  else if (kind === 'resize' && body.length === 4) {
    const size = { columns: body.readUInt16BE(0), rows: body.readUInt16BE(2) };
    if (size.columns > 0 && size.rows > 0) await attachment.resize(size);
  } else if (kind === 'signal') {
    const name = RUN_SIGNALS.find((one) => one === body.toString('latin1'));
    if (name !== undefined) await attachment.signal(name);
  }
}

async function show(socket: Duplex, attachment: Attachment, send: (bytes: Buffer) => boolean): Promise<void> {
  for await (const { stream, bytes } of attachment.output) {
    if (!socket.writable) return;
    if (!send(frame(stream, bytes)))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
  }
}
