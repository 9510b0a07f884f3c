import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../../lib/log.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Attachment } from '../ports/runs.ts';
import type { RunSession } from '../services/run-sessions.ts';
import { createInputReader, createOutputWriter, GREETING } from './protocol.ts';

export interface VisitOptions {
  /** A lone 0x04 with which nothing else comes in this time is the end of the input. */
  readonly endOfInputMs: number;
  /** Output that may become the line of an exit code waits this long for the rest of it. */
  readonly markMs: number;
  /** The client may still be writing the end of its input when the process has ended, and dislikes to be cut off then. */
  readonly lingerMs: number;
  /** A client that does not close its end is cut off. */
  readonly farewellMs: number;
}

export const VISIT: VisitOptions = { endOfInputMs: 100, markMs: 200, lingerMs: 500, farewellMs: 5_000 };

/**
 * Connects a person to a process until one of them goes. Resolves when the connection is closed. Both directions wait
 * for each other: nothing is stored here beyond what is on its way.
 */
export async function visit(
  socket: TLSSocket,
  first: Buffer,
  session: RunSession,
  log: Logger,
  options: VisitOptions = VISIT,
): Promise<void> {
  const left = leaving(socket, session.cut);
  try {
    socket.write(GREETING);
    const attachment = await session.open();
    const input = forward(socket, first, attachment, session.tty, options);
    await Promise.race([left.promise, show(socket, attachment, options)]);
    if (!left.isSo()) await Promise.race([left.promise, attachment.exitCode()]);
    await Promise.race([left.promise, input.over, later(options.lingerMs)]);
  } catch (err) {
    if (!PlatformError.is(err)) log.error({ err, run: session.name }, 'a rendezvous failed');
    say(socket, PlatformError.is(err) ? err.message : 'Something went wrong inside the platform.');
  } finally {
    if (session.cut.aborted) say(socket, (session.cut.reason as Error).message);
    left.release();
    await session[Symbol.asyncDispose]();
    await close(socket, options.farewellMs);
  }
}

/** Tells when the client has left, or is sent away. */
function leaving(socket: TLSSocket, cut: AbortSignal) {
  let isOver = false;
  let tell = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    tell = () => {
      isOver = true;
      resolve();
    };
  });
  // No client of this protocol closes only its sending half to go on listening: 0x04 says that.
  socket.once('end', tell);
  socket.once('close', tell);
  cut.addEventListener('abort', tell, { once: true });
  if (socket.destroyed || cut.aborted) tell();
  return {
    promise,
    isSo: (): boolean => isOver,
    release: (): void => cut.removeEventListener('abort', tell),
  };
}

/** What the client sends goes to the process, one piece at a time. `over` resolves when the client has said that it was all. */
function forward(
  socket: TLSSocket,
  first: Buffer,
  attachment: Attachment,
  tty: boolean,
  { endOfInputMs }: VisitOptions,
): { readonly over: Promise<void> } {
  const reader = createInputReader();
  let timer: NodeJS.Timeout | undefined;
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    end = () => {
      attachment.end();
      resolve();
    };
  });
  const take = (chunk: Buffer): void => {
    clearTimeout(timer);
    const data = tty ? chunk : reader.take(chunk);
    if (!tty && reader.mayBeOver()) timer = setTimeout(end, endOfInputMs);
    if (data.length === 0) {
      socket.resume();
      return;
    }
    socket.pause();
    // What the process no longer reads is dropped: its exit is what counts then.
    void attachment
      .write(data)
      .catch(() => undefined)
      .finally(() => socket.resume());
  };
  socket.on('data', take);
  socket.once('close', () => clearTimeout(timer));
  take(first);
  return { over };
}

/** What the process prints goes to the client, until it has ended. */
async function show(socket: TLSSocket, attachment: Attachment, { markMs }: VisitOptions): Promise<void> {
  const writer = createOutputWriter();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    if (socket.writable) socket.write(writer.flush());
  };
  try {
    for await (const { bytes } of attachment.output) {
      clearTimeout(timer);
      const data = writer.take(bytes);
      if (writer.holds()) timer = setTimeout(flush, markMs);
      if (!socket.writable) return;
      if (data.length > 0 && !socket.write(data)) await roomIn(socket);
    }
  } finally {
    clearTimeout(timer);
    if (writer.holds()) flush();
  }
}

async function roomIn(socket: TLSSocket): Promise<void> {
  const stop = new AbortController();
  const signal = stop.signal;
  await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(
    () => undefined, // it broke; whoever waits for the client to leave knows
  );
  stop.abort();
}

function say(socket: TLSSocket, sentence: string): void {
  if (socket.writable) socket.write(`\r\n !     ${sentence}\r\n`);
}

async function close(socket: TLSSocket, farewellMs: number): Promise<void> {
  if (socket.destroyed) return;
  const closed = once(socket, 'close').catch(() => undefined);
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), farewellMs);
  await closed;
  clearTimeout(timer);
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
