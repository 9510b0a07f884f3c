import { randomBytes } from 'node:crypto';
import { abortController } from '../../lib/abort.ts';
import type { Actor } from '../domain/actor.ts';
import { CONNECT_MS } from '../domain/run-care.ts';
import type { Attachment, Printed, TerminalSize } from '../ports/runs.ts';

/** A process that somebody may connect to: a run that was created, or a command to be started in an instance. */
export interface Offer {
  readonly actor: Actor;
  readonly appId: string;
  /** `run.1234`, or the instance: `web.1`. */
  readonly name: string;
  readonly tty: boolean;
  /** Of the terminal, as far as it was said when it was ordered. */
  readonly size: TerminalSize | null;
  /** Null for a command in an instance, which nobody else looks after. */
  readonly runId: string | null;
  /** Starts it. Called once. */
  open(signal: AbortSignal): Promise<Attachment>;
}

/** One connection of a person to a process. Disposal means that the person has left. */
export interface RunSession extends AsyncDisposable {
  readonly name: string;
  readonly tty: boolean;
  /** Aborts when the platform ends the connection; the reason's message is for the person. */
  readonly cut: AbortSignal;
  /** Starts the process. Called once. Throws `start_refused`, `engine_away`. */
  open(): Promise<Attachment>;
}

/** Who is connected to what. A secret opens one connection, once, and soon. */
export interface RunSessions {
  offer(offer: Offer): string;
  /** Undefined for what was never offered, is too old, or was claimed before. */
  claim(secret: string): RunSession | undefined;
  /** A session of somebody who needs no secret. */
  begin(offer: Offer): RunSession;
  attended(runId: string): boolean;
  /** Commands in instances of this app that wait or run. */
  execsOf(appId: string): number;
  /** Those that are open, and how to end them. */
  open(): readonly OpenSession[];
}

interface OpenSession {
  readonly actor: Actor;
  readonly appId: string;
  readonly lastUsedMs: number;
  readonly cut: (reason: string) => void;
}

export interface RunSessionsDeps {
  readonly nowMs: () => number;
  /** Somebody has left a run. */
  readonly left: (runId: string) => void;
}

interface Waiting {
  readonly offer: Offer;
  readonly untilMs: number;
}

/** 192 bits: not to be guessed in the half minute it is good for. */
const SECRET_BYTES = 24;
/** A command whose person has left is told so, and killed when it does not mind. */
const LEFT_STEPS_MS = 5_000;

export function createRunSessions({ nowMs, left }: RunSessionsDeps): RunSessions {
  const waiting = new Map<string, Waiting>();
  const sessions = new Map<Offer, OpenSession>();
  const ending = new Set<Offer>();

  function prune(): void {
    for (const [secret, { untilMs }] of waiting) if (untilMs <= nowMs()) waiting.delete(secret);
  }

  function begin(offer: Offer): RunSession {
    const cut = abortController();
    const release = abortController();
    const session = { lastUsedMs: nowMs() };
    sessions.set(offer, {
      actor: offer.actor,
      appId: offer.appId,
      get lastUsedMs() {
        return session.lastUsedMs;
      },
      cut: (reason) => cut.abort(new Error(reason)),
    });
    const used = (): void => void (session.lastUsedMs = nowMs());
    let opened: Attachment | undefined;
    return {
      name: offer.name,
      tty: offer.tty,
      cut: cut.signal,
      async open() {
        opened = await offer.open(release.signal);
        if (offer.size !== null) await opened.resize(offer.size);
        return noticing(opened, used);
      },
      async [Symbol.asyncDispose]() {
        if (!sessions.delete(offer)) return;
        if (offer.runId !== null) left(offer.runId);
        else if (opened !== undefined) {
          ending.add(offer);
          void hangUp(opened).finally(() => ending.delete(offer));
          return;
        }
        await opened?.[Symbol.asyncDispose]();
        release.abort(new Error('the session is over'));
      },
    };
  }

  return {
    begin,
    offer(offer) {
      prune();
      const secret = randomBytes(SECRET_BYTES).toString('hex');
      waiting.set(secret, { offer, untilMs: nowMs() + CONNECT_MS });
      return secret;
    },
    claim(secret) {
      prune();
      const found = waiting.get(secret);
      if (found === undefined) return undefined;
      waiting.delete(secret);
      return begin(found.offer);
    },
    attended: (runId) => [...sessions.keys()].some((offer) => offer.runId === runId),
    execsOf(appId) {
      prune();
      const all = [...[...waiting.values()].map(({ offer }) => offer), ...sessions.keys(), ...ending];
      return all.filter((offer) => offer.appId === appId && offer.runId === null).length;
    },
    open: () => [...sessions.values()],
  };
}

/** Ends a command in an instance; its container goes on, so that nobody else would. Never throws. */
async function hangUp(attachment: Attachment): Promise<void> {
  const over = attachment.exitCode().catch(() => undefined);
  for (const name of ['SIGHUP', 'SIGHUP', 'SIGKILL'] as const) {
    const timer = abortController();
    try {
      attachment.end();
      await attachment.signal(name);
      if ((await Promise.race([over, later(LEFT_STEPS_MS, timer.signal)])) !== undefined) break;
    } catch {
      break; // the engine is away: what is left ends with its instance
    } finally {
      timer.abort();
    }
  }
  await attachment[Symbol.asyncDispose]();
}

function later(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

/** The same attachment, with a note of when it was last used. */
function noticing(attachment: Attachment, used: () => void): Attachment {
  async function* output(): AsyncGenerator<Printed> {
    for await (const printed of attachment.output) {
      used();
      yield printed;
    }
  }
  return {
    output: output(),
    write(bytes) {
      used();
      return attachment.write(bytes);
    },
    end: () => attachment.end(),
    resize: (size) => attachment.resize(size),
    signal: (name) => attachment.signal(name),
    exitCode: () => attachment.exitCode(),
    [Symbol.asyncDispose]: () => attachment[Symbol.asyncDispose](),
  };
}
