import { randomBytes } from 'node:crypto';
import { chmod, realpath, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { KnownError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { plainRef } from '../domain/names.ts';
import type { Pushes, RefUpdate } from '../services/pushes.ts';
import { printableLines } from './printable.ts';

/** A push whose pack is still on its way; its hook will call with the token. */
interface ExpectedPush {
  readonly actor: Actor;
  readonly app: string;
  readonly appId: string;
  readonly repository: string;
  /** The hook has called: the pack is complete, and the outcome no longer needs the client. */
  readonly onStarted: () => void;
  readonly onEnded: () => void;
  /** True while the client reads slower than the build speaks; lines are then left out, and counted. */
  readonly congested: () => boolean;
}

export interface PushHook extends AsyncDisposable {
  readonly socket: string;
  /** Hands out the one-time token for a push's hook; `forget` when git has ended. */
  readonly expect: (push: ExpectedPush) => { readonly token: string; readonly forget: () => void };
}

const MAX_UPDATES = 100;
const MAX_QUESTION_BYTES = 4 * 1024 * 1024;
const QUESTION_MS = 10_000;

const id = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
  .transform((hex) => (/^0+$/.test(hex) ? null : hex));
const question = z.object({
  token: z.string(),
  updates: z.array(z.object({ ref: z.string().max(4096), from: id, to: id })).min(1),
  objects: z.string().nullable(),
});
type Question = z.infer<typeof question>;

/** Why this set of ref updates is out of the question for any app, or undefined. */
export function refusalOf(updates: readonly RefUpdate[]): string | undefined {
  if (updates.length > MAX_UPDATES)
    return `it changes ${updates.length} refs; at most ${MAX_UPDATES} may change in one push`;
  const odd = updates.find((update) => !plainRef.safeParse(update.ref).success);
  return odd && `${JSON.stringify(odd.ref.slice(0, 100))} is not a branch or tag name this platform takes`;
}

/**
 * Listens on the unix socket that pre-receive hooks call. A hook proves with its token which push it belongs to; what
 * it may do was decided when the token was made. Disposal cuts the open ones, whose hooks then refuse the push.
 */
export async function listenForHooks(
  deps: { readonly socket: string; readonly pushes: Pushes; readonly log: Logger },
  signal: AbortSignal,
): Promise<PushHook> {
  const expected = new Map<string, ExpectedPush>();
  const open = new Set<Socket>();

  async function serve(socket: Socket): Promise<void> {
    const asked = question.parse(JSON.parse(await readLine(socket)));
    const push = expected.get(asked.token);
    if (!push) throw new Error('a hook called without a valid token');
    expected.delete(asked.token);
    push.onStarted();
    const speaker = speakerOf(socket, push);
    const accepted = await decide(push, asked, speaker.say);
    speaker.finish();
    if (accepted && socket.destroyed)
      deps.log.warn(
        { app: push.app },
        'the hook of an accepted push went away; its ref was not moved by git',
      );
    push.onEnded();
    // Whatever came of it while we were shutting down, nobody is left to stand for the answer.
    if (signal.aborted) socket.destroy();
    else socket.end(`${JSON.stringify({ exit: accepted ? 0 : 1 })}\n`);
  }

  async function decide(push: ExpectedPush, asked: Question, say: (line: string) => void): Promise<boolean> {
    try {
      const reason = refusalOf(asked.updates);
      if (reason !== undefined) throw PlatformError.of('push_refused', { reason });
      const quarantine = { objects: await quarantineOf(push.repository, asked.objects) };
      const offer = { updates: asked.updates, quarantine, say };
      return await deps.pushes.receive(push.actor, push.appId, offer, signal);
    } catch (err) {
      if (signal.aborted) return false;
      say(` !     ${sentenceOf(err, deps.log.child({ app: push.app }))}`);
      return false;
    }
  }

  await rm(deps.socket, { force: true });
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy()); // a hook that was killed
    serve(socket).catch((err: unknown) => {
      deps.log.warn({ err }, 'a push hook was turned away');
      socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(deps.socket, resolve);
  });
  await chmod(deps.socket, 0o600);

  return {
    socket: deps.socket,
    expect(push) {
      const token = randomBytes(32).toString('hex');
      expected.set(token, push);
      return { token, forget: () => void expected.delete(token) };
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** What a person may read of a failure: the sentence of a known one, and of a bug only where its operator finds it. */
export function sentenceOf(err: unknown, log: Logger): string {
  if (err instanceof KnownError) return err.message;
  const request_id = randomBytes(4).toString('hex');
  log.error({ err, request_id }, 'a git command failed');
  return `${PlatformError.of('internal_error', {}).message} (${request_id})`;
}

/** Lines that are kept of those left out: the end of a build's output says how it went. */
const KEPT_LINES = 20;

interface Speaker {
  readonly say: (text: string) => void;
  /** Says what was held back, however slow the client is: nothing follows it. */
  readonly finish: () => void;
}

function speakerOf(socket: Socket, push: ExpectedPush): Speaker {
  let held: string[] = [];
  let dropped = 0;
  const send = (lines: readonly string[]): void => {
    if (!socket.destroyed) for (const line of lines) socket.write(`${JSON.stringify(line)}\n`);
  };
  const release = (): void => {
    if (dropped > 0) send([`       [${dropped} lines left out: the connection is slower than the build]`]);
    send(held);
    held = [];
    dropped = 0;
  };
  return {
    say(text) {
      const lines = printableLines(text);
      if (push.congested() || socket.writableLength > 1024 * 1024) {
        dropped += Math.max(0, held.length + lines.length - KEPT_LINES);
        held = [...held, ...lines].slice(-KEPT_LINES);
        return;
      }
      release();
      send(lines);
    },
    finish: release,
  };
}

/** The folder git named, after a check that it is this repository's; a push without new objects has none. */
async function quarantineOf(repository: string, named: string | null): Promise<string> {
  const objects = join(await realpath(repository), 'objects');
  if (named === null) return objects;
  const quarantine = resolve(named); // git writes `<repository>/./objects/…`
  if (dirname(quarantine) !== objects || !/\/tmp_objdir-incoming-[A-Za-z0-9]+$/.test(quarantine))
    throw new Error('the hook named a quarantine outside the repository');
  return quarantine;
}

/** The first line a connection sends. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => finish(new Error('a hook said nothing')), QUESTION_MS);
    const finish = (outcome: string | Error): void => {
      clearTimeout(timer);
      socket.off('data', take).off('close', leave);
      if (typeof outcome === 'string') resolve(outcome);
      else reject(outcome);
    };
    const leave = (): void => finish(new Error('a hook went away before it asked'));
    const take = (chunk: string): void => {
      const end = chunk.indexOf('\n'); // not in all that came before: a long question would be read again and again
      text += end < 0 ? chunk : chunk.slice(0, end);
      if (end >= 0) finish(text);
      else if (text.length > MAX_QUESTION_BYTES) finish(new Error('a hook asked too much'));
    };
    socket.setEncoding('utf8');
    socket.on('data', take).once('close', leave);
  });
}
