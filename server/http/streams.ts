import type { Request, RequestHandler, Response } from 'express';
import { formatLogLine } from '../contract/log-line.ts';
import { abortController } from '../../lib/abort.ts';
import { createSeats } from '../../lib/seats.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { LogLine } from '../ports/engine.ts';
import { contextOf } from './context.ts';
import type { Links, LinkTarget } from './links.ts';
import { begin, KEEPALIVE_MS, pump, whileOpen } from './pump.ts';
import type { Services } from './services.ts';
import type { Opened, StreamRights } from './stream-rights.ts';

/** Open streams at once, of one person and of all: each holds a connection and a reader of logs. */
const MAX_STREAMS = { each: 20, all: 500 };
/** The most lines of the past that one answer holds. */
const MAX_LINES = 1500;
/** The Platform API's word for what the platform itself says. */
const SOURCE: Readonly<Record<string, string>> = { heroku: 'gantry' };

export interface StreamDeps {
  readonly services: Pick<Services, 'logs' | 'releases' | 'transcripts'>;
  readonly links: Links;
  readonly rights: StreamRights;
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
  const { services, links, rights, now, ending, keepAliveMs = KEEPALIVE_MS } = deps;
  const seats = createSeats(MAX_STREAMS);

  function stream(handler: StreamHandler): RequestHandler {
    return (req, res) => whileOpen(contextOf(res).signal, ending, (signal) => handler(req, res, signal));
  }

  /** Works for the actor as they are now, until they may see it no longer. */
  async function whileAllowed(
    opened: Opened,
    signal: AbortSignal,
    work: (actor: Actor, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const leave = seats.take(opened.actor.userId);
    if (!leave) throw PlatformError.of('too_many_streams', { limit: MAX_STREAMS.each });
    const lost = abortController();
    const unwatch = rights.watch(opened, () => lost.abort(new Error('it may be seen no longer')));
    try {
      const actor = await rights.check(opened, signal);
      await whileOpen(signal, lost.signal, (inner) => work(actor, inner));
    } finally {
      unwatch();
      leave();
    }
  }

  return {
    logs: stream(async (req, res, signal) => {
      const target = links.open(linkText(req.params['session']), now());
      if (target?.kind !== 'logs') throw gone('log session');
      const seen = parsePosition(req.headers['last-event-id']);
      const query = {
        // A client that comes back wants what it has not seen; how many lines that is nobody knows.
        lines: seen === null ? target.lines : MAX_LINES,
        follow: target.tail,
        ...(target.type !== undefined && { type: target.type }),
        ...(target.number !== undefined && { number: target.number }),
        ...(target.source !== undefined && { source: SOURCE[target.source] ?? target.source }),
      };
      await whileAllowed(target, signal, async (actor, allowed) => {
        const lines = await services.logs.read(actor, target.app, query, allowed);
        begin(res, 'text/event-stream');
        // Without it clients wait seconds for their reconnection before they end.
        res.write('retry: 1\n\n');
        const silence = { text: ':keepalive\n\n', everyMs: keepAliveMs };
        await pump(res, events(lines, seen), silence, allowed);
      });
    }),

    output: stream(async (req, res, signal) => {
      const target = links.open(linkText(req.params['stream']), now());
      if (target?.kind !== 'transcript' && target?.kind !== 'release') throw gone('output stream');
      await whileAllowed(target, signal, async (actor, allowed) => {
        const name = await transcriptOf(target, actor, services, allowed);
        if (name === undefined) throw gone('output stream');
        begin(res, 'text/plain; charset=utf-8');
        const silence = { text: '\0', everyMs: keepAliveMs };
        await pump(res, textOf(services.transcripts.follow(name, allowed)), silence, allowed);
      });
    }),
  };
}

async function transcriptOf(
  target: Extract<LinkTarget, { kind: 'transcript' | 'release' }>,
  actor: Actor,
  services: StreamDeps['services'],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (target.kind === 'transcript') return target.stream;
  const deployment = await services.releases.deploymentOf(actor, target.app, target.release, signal);
  return deployment?.id;
}

function linkText(param: unknown): string {
  return typeof param === 'string' && param.length < 2000 ? param : '';
}

function gone(resource: string): Error {
  return PlatformError.of('not_found', { resource, name: 'it has ended, or its time is over' });
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
  seen: Position | null,
): AsyncGenerator<string, void, undefined> {
  let last: Position = { ms: -1, nth: 0 };
  for await (const line of lines) {
    const ms = line.at.getTime();
    last = { ms, nth: ms === last.ms ? last.nth + 1 : 0 };
    const old = seen !== null && (ms < seen.ms || (ms === seen.ms && last.nth <= seen.nth));
    if (!old) yield `id: ${last.ms}-${last.nth}\ndata: ${formatLogLine(line)}\n\n`;
  }
}
