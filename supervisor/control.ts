import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { pause } from '../lib/deadline.ts';
import { isSystemError } from '../lib/errors.ts';
import { callJson, callLines, sendJson, serveLocal } from '../lib/local-http.ts';
import type { Home } from './home.ts';
import type { PartStatus } from './part.ts';

/** What a supervisor tells those who watch it start. `ready` and `failed` end the story of the start, not the supervisor. */
const progress = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('line'), text: z.string() }),
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
export type Progress = z.infer<typeof progress>;

const partStatus = z.object({
  name: z.string(),
  title: z.string(),
  state: z.enum(['waiting', 'starting', 'ready', 'failing', 'refused', 'stopped']),
  origin: z.enum(['started', 'adopted', 'given', 'none']),
  pid: z.int().nullable(),
  restarts: z.int(),
  problem: z.string().nullable(),
});

const supervisorStatus = z.object({
  pid: z.int(),
  /** What it supervises by: code and settings. Another one means that a new start has something to change. */
  version: z.string(),
  parts: z.array(partStatus),
});
export type SupervisorStatus = z.infer<typeof supervisorStatus>;

const socketOf = (home: Home): string => join(home.run, 'supervisor.sock');

/** The progress of one start, kept for whoever comes late. */
export interface Story {
  tell(event: Progress): void;
  /** Everything from the beginning up to and including the end of the start. */
  read(): AsyncGenerator<Progress, void, undefined>;
}

export function createStory(): Story {
  const told: Progress[] = [];
  let rouse: (() => void)[] = [];
  return {
    tell(event) {
      told.push(event);
      for (const wake of rouse) wake();
      rouse = [];
    },
    async *read() {
      for (let at = 0; ; at += 1) {
        while (told.length <= at) await new Promise<void>((resolve) => rouse.push(resolve));
        const event = told[at];
        if (!event) return;
        yield event;
        if (event.kind !== 'line') return;
      }
    },
  };
}

export interface ControlDeps {
  readonly story: Story;
  readonly version: string;
  readonly parts: () => readonly PartStatus[];
  /** Another process takes over: let go of everything and end. */
  readonly handOver: () => void;
}

/**
 *   GET  /status    → SupervisorStatus
 *   GET  /progress  → Progress lines until the start has ended
 *   POST /handover  → 202; the supervisor lets go of its parts, which run on, and ends
 */
export async function serveControl(home: Home, deps: ControlDeps): Promise<AsyncDisposable> {
  return serveLocal(socketOf(home), async (req, res) => {
    const asked = `${req.method ?? ''} ${req.url ?? ''}`;
    if (asked === 'GET /status') {
      sendJson(res, 200, {
        pid: process.pid,
        version: deps.version,
        parts: [...deps.parts()],
      } satisfies SupervisorStatus);
    } else if (asked === 'GET /progress') {
      res.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for await (const event of deps.story.read()) res.write(`${JSON.stringify(event)}\n`);
      res.end();
    } else if (asked === 'POST /handover') {
      sendJson(res, 202, {});
      deps.handOver();
    } else sendJson(res, 404, { message: `no ${asked} here` });
  });
}

/** The status of the supervisor that runs, or undefined when none answers. */
export async function askStatus(home: Home, signal: AbortSignal): Promise<SupervisorStatus | undefined> {
  try {
    return supervisorStatus.parse(
      await callJson({ socket: socketOf(home), method: 'GET', path: '/status' }, 3_000, signal),
    );
  } catch {
    signal.throwIfAborted();
    return undefined; // no socket, a stale one, or a supervisor that hangs: to the caller all the same
  }
}

export async function askHandover(home: Home, signal: AbortSignal): Promise<void> {
  await callJson({ socket: socketOf(home), method: 'POST', path: '/handover' }, 3_000, signal);
}

/** The start of the supervisor that runs, from its beginning. */
export async function* askProgress(
  home: Home,
  signal: AbortSignal,
): AsyncGenerator<Progress, void, undefined> {
  for await (const line of callLines({ socket: socketOf(home), method: 'GET', path: '/progress' }, signal)) {
    yield progress.parse(line);
  }
}

/**
 * The right to change this platform's parts, held by one process at a time and given back by the kernel when it
 * dies. An abstract socket and not a lock file: nothing stays behind and nothing can be stale.
 * Undefined when another process still has it after `waitMs`.
 */
export async function takeCharge(
  home: Home,
  waitMs: number,
  signal: AbortSignal,
): Promise<AsyncDisposable | undefined> {
  const until = Date.now() + waitMs;
  for (;;) {
    const held = await tryListen(`\0gantry-${home.id}-supervisor`);
    if (held)
      return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => held.close(() => resolve())) };
    if (Date.now() >= until) return undefined;
    await pause(50, signal);
  }
}

function tryListen(path: string): Promise<Server | undefined> {
  const server = createServer((visitor) => visitor.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (err) => (isSystemError(err, 'EADDRINUSE') ? resolve(undefined) : reject(err)));
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}
