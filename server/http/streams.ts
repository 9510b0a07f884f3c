import { once } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import { formatLogLine } from '../contract/log-line.ts';
import { PlatformError } from '../domain/errors.ts';
import type { LogLine } from '../ports/engine.ts';
import { contextOf } from './context.ts';
import type { Links, LinkTarget } from './links.ts';
import type { Services } from './services.ts';

/** Shorter than any idle limit between us and a client. */
const KEEPALIVE_MS = 15_000;
/** Open streams at once: each holds a connection and a reader of logs. */
const MAX_STREAMS = 500;
/** The most lines of the past that one answer holds. */
const MAX_LINES = 1500;

export interface StreamDeps {
  readonly services: Pick<Services, 'logs' | 'releases' | 'transcripts'>;
  readonly links: Links;
  readonly now: () => Date;
  /** Aborts when the door closes. */
  readonly ending: AbortSignal;
  readonly keepAliveMs?: number;
}

/** The two kinds of streams that are read by link, without credentials. */
export interface Streams {
  readonly logs: RequestHandler;
  readonly output: RequestHandler;
}

type StreamHandler = (req: Request, res: Response, signal: AbortSignal) => Promise<void>;

export function createStreams(deps: StreamDeps): Streams {
  const { services, links, now, ending, keepAliveMs = KEEPALIVE_MS } = deps;
  let streams = 0;

  function stream(handler: StreamHandler): RequestHandler {
    return async (req, res) => {
      if (streams >= MAX_STREAMS) throw PlatformError.of('rate_limit', {});
      streams += 1;
      const { signal } = contextOf(res);
      const own = new AbortController();
      const stop = (): void => own.abort(signal.aborted ? signal.reason : ending.reason);
      for (const reason of [signal, ending]) reason.addEventListener('abort', stop, { once: true });
      try {
        if (signal.aborted || ending.aborted) stop();
        await handler(req, res, own.signal);
      } finally {
        streams -= 1;
        for (const reason of [signal, ending]) reason.removeEventListener('abort', stop);
        own.abort(new Error('the stream has ended')); // readers behind it end with it
      }
    };
  }

  return {
    logs: stream(async (req, res, signal) => {
      const target = links.open(linkText(req.params['session']), now());
      if (target?.kind !== 'logs') throw gone('log session');
      const seen = parsePosition(req.headers['last-event-id']);
      // Lines are counted before they are sorted out by source, so of the past all must be looked at.
      const sifted = target.source !== undefined && !target.tail;
      const query = {
        // A client that comes back wants what it has not seen; how many lines that is nobody knows.
        lines: seen === null && !sifted ? target.lines : MAX_LINES,
        follow: target.tail,
        ...(target.type !== undefined && { type: target.type }),
        ...(target.number !== undefined && { number: target.number }),
      };
      const lines = await services.logs.read(target.actor, target.app, query, signal);
      begin(res, 'text/event-stream');
      // Without it clients wait seconds for their reconnection before they end.
      res.write('retry: 1\n\n');
      const silence = { text: ':keepalive\n\n', everyMs: keepAliveMs };
      const wanted = events(lines, matching(target), seen);
      await pump(res, sifted && seen === null ? last(target.lines, wanted) : wanted, silence, signal);
    }),

    output: stream(async (req, res, signal) => {
      const target = links.open(linkText(req.params['stream']), now());
      const name = target && (await transcriptOf(target, services, signal));
      if (name === undefined) throw gone('output stream');
      begin(res, 'text/plain; charset=utf-8');
      const silence = { text: '\0', everyMs: keepAliveMs };
      await pump(res, textOf(services.transcripts.follow(name, signal)), silence, signal);
    }),
  };
}

async function transcriptOf(
  target: LinkTarget,
  services: StreamDeps['services'],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (target.kind === 'transcript') return target.stream;
  if (target.kind === 'logs') return undefined;
  const deployment = await services.releases.deploymentOf(target.actor, target.app, target.release, signal);
  return deployment?.id;
}

function linkText(param: unknown): string {
  return typeof param === 'string' && param.length < 2000 ? param : '';
}

function gone(resource: string): Error {
  return PlatformError.of('not_found', { resource, name: 'it has ended, or its time is over' });
}

function begin(res: Response, type: string): void {
  // `no` keeps proxies from collecting what should be seen at once
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };
  // Not express' `set`, which would add a charset to a type that clients compare.
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.flushHeaders();
}

/** Writes pieces as they come, waits for slow readers, fills silence, and ends the answer. */
async function pump(
  res: Response,
  pieces: AsyncIterable<string>,
  silence: { readonly text: string; readonly everyMs: number },
  signal: AbortSignal,
): Promise<void> {
  let written = false;
  const timer = setInterval(() => {
    if (!written && !res.writableNeedDrain) res.write(silence.text);
    written = false;
  }, silence.everyMs);
  try {
    for await (const piece of pieces) {
      written = true;
      if (!res.write(piece)) await once(res, 'drain', { signal });
    }
    res.end();
  } catch (err) {
    // The reader went away, or the door closes: neither is worth an answer that nobody hears.
    if (!signal.aborted) throw err;
    res.end();
  } finally {
    clearInterval(timer);
  }
}

async function* textOf(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const line of lines) yield line.endsWith('\n') ? line : `${line}\n`;
}

/** A place in a log: the time in milliseconds, and which of the lines of that millisecond. */
interface Position {
  readonly ms: number;
  readonly nth: number;
}

function parsePosition(header: string | string[] | undefined): Position | null {
  const [, ms, nth] = /^(\d{1,15})-(\d{1,9})$/.exec(String(header ?? '')) ?? [];
  return ms === undefined ? null : { ms: Number(ms), nth: Number(nth) };
}

/** Log lines as events whose ids are positions; those up to `seen` are left out. */
async function* events(
  lines: AsyncIterable<LogLine>,
  wanted: (line: LogLine) => boolean,
  seen: Position | null,
): AsyncGenerator<string, void, undefined> {
  let last: Position = { ms: -1, nth: 0 };
  for await (const line of lines) {
    const ms = line.at.getTime();
    last = { ms, nth: ms === last.ms ? last.nth + 1 : 0 };
    const old = seen !== null && (ms < seen.ms || (ms === seen.ms && last.nth <= seen.nth));
    if (!old && wanted(line)) yield `id: ${last.ms}-${last.nth}\ndata: ${formatLogLine(line)}\n\n`;
  }
}

async function* last<T>(count: number, all: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const kept: T[] = [];
  for await (const one of all) {
    kept.push(one);
    if (kept.length > count) kept.shift();
  }
  yield* kept;
}

/** `heroku` is the Platform API's word for what the platform itself says. */
function matching(target: Extract<LinkTarget, { kind: 'logs' }>): (line: LogLine) => boolean {
  const source = target.source === 'heroku' ? 'gantry' : target.source;
  return (line) => source === undefined || line.source === source;
}
