import { randomUUID } from 'node:crypto';
import { abortController } from '../../lib/abort.ts';
import type { Bulletin } from '../../lib/bulletin.ts';
import { pause } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/log.ts';
import { readDrainUrl, type Drain } from '../domain/drain.ts';
import { KEPT } from '../domain/kept-log.ts';
import type { DrainPipe, DrainPipes, Drains as Store } from '../ports/drains.ts';
import type { LogLine } from '../ports/engine.ts';
import { createDrainBuffer, type DrainBuffer } from './drain-buffer.ts';
import { DRAINS_CHANGED } from './drains.ts';
import type { Logs } from './logs.ts';

/** Sends the logs of apps to their drains. A drain that is slow or away costs itself lines, and nobody else anything. */
export interface DrainDelivery {
  /** Goes on until the signal aborts, and resolves when every connection is closed. */
  run(signal: AbortSignal): Promise<void>;
}

export interface DrainDeliveryDeps {
  readonly store: Pick<Store, 'all'>;
  readonly logs: Pick<Logs, 'readFor'>;
  readonly pipes: DrainPipes;
  readonly bulletin: Bulletin;
  readonly log: Logger;
  readonly pace?: Partial<typeof PACE>;
}

const PACE = {
  /** Drains that another server was told of are found this soon. */
  lookMs: 5_000,
  /** A log that could not be read is read again after so long. */
  readAgainMs: 1_000,
  /** A receiver that failed is tried again after so long at first, and after so long at most. */
  firstTryMs: 1_000,
  mostMs: 60_000,
};
/** Sent together. */
const BATCH = 100;

/** Something that runs until it is stopped. */
interface Running {
  readonly stop: () => Promise<void>;
}

/** The reading of one app's log, and whom it is handed to. */
interface Tap extends Running {
  readonly buffers: Map<string, DrainBuffer>;
}

export function createDrainDelivery(deps: DrainDeliveryDeps): DrainDelivery {
  const pace = { ...PACE, ...deps.pace };
  const taps = new Map<string, Tap>();
  const senders = new Map<string, Running & { readonly drain: Drain }>();

  function tapOf(appId: string): Tap {
    const known = taps.get(appId);
    if (known) return known;
    const buffers = new Map<string, DrainBuffer>();
    const running = start((signal) => read(deps, pace.readAgainMs, { appId, buffers }, signal));
    const tap = { ...running, buffers };
    taps.set(appId, tap);
    return tap;
  }

  async function remove(id: string, { drain, stop }: { drain: Drain } & Running): Promise<void> {
    senders.delete(id);
    const tap = taps.get(drain.appId);
    tap?.buffers.delete(id);
    if (tap?.buffers.size === 0) {
      taps.delete(drain.appId);
      await tap.stop();
    }
    await stop();
  }

  async function follow(signal: AbortSignal): Promise<void> {
    const wanted = new Map((await deps.store.all(signal)).map((drain) => [drain.id, drain]));
    const gone = [...senders].filter(([id]) => !wanted.has(id));
    await Promise.all(gone.map(([id, sender]) => remove(id, sender)));
    for (const [id, drain] of wanted) {
      if (senders.has(id)) continue;
      const target = readDrainUrl(drain.url.reveal());
      if ('problem' in target) continue; // of a later version, which knows more
      const buffer = createDrainBuffer();
      tapOf(drain.appId).buffers.set(id, buffer);
      const send = (stop: AbortSignal) => sendAll(deps, pace, { drain, buffer, target }, stop);
      senders.set(id, { drain, ...start(send) });
    }
  }

  return {
    async run(signal) {
      const stopped = (): boolean => signal.aborted;
      while (!stopped()) {
        const mark = deps.bulletin.mark(DRAINS_CHANGED);
        await follow(signal).catch((err: unknown) => {
          if (!stopped()) deps.log.warn({ err }, 'the log drains could not be looked up; will try again');
        });
        await deps.bulletin.after(DRAINS_CHANGED, mark, pace.lookMs, signal).catch(() => undefined);
      }
      await Promise.all([...senders].map(([id, sender]) => remove(id, sender)));
    },
  };
}

function start(work: (signal: AbortSignal) => Promise<void>): Running {
  const stop = abortController();
  const done = work(stop.signal);
  return {
    async stop() {
      stop.abort(new Error('the drain is stopped'));
      await done;
    },
  };
}

/** Hands every line of an app to its drains, from now on; after a failure from where it was. */
async function read(
  { logs, log }: DrainDeliveryDeps,
  againMs: number,
  { appId, buffers }: { readonly appId: string; readonly buffers: ReadonlyMap<string, DrainBuffer> },
  signal: AbortSignal,
): Promise<void> {
  const stopped = (): boolean => signal.aborted;
  let last: Date | undefined;
  while (!stopped()) {
    const began = new Date();
    const query = { lines: last === undefined ? 0 : KEPT.lines, follow: true };
    try {
      for await (const line of logs.readFor(appId, query, signal)) {
        if (isKnown(line, last, began)) continue;
        for (const buffer of buffers.values()) buffer.push(line);
        if (last === undefined || line.at > last) last = line.at;
      }
    } catch (err) {
      if (!stopped()) log.warn({ err, app: appId }, 'a log could not be read for its drains; will try again');
    }
    last ??= began;
    if (!stopped()) await pause(againMs, signal).catch(() => undefined);
  }
}

/** Of the past, what was handed on already. */
function isKnown({ at }: LogLine, last: Date | undefined, began: Date): boolean {
  return last !== undefined && at < began && at <= last;
}

interface Sending {
  readonly drain: Drain;
  readonly buffer: DrainBuffer;
  readonly target: Parameters<DrainPipes['open']>[0];
}

/** Sends what is in the buffer, in order; a batch that failed is sent again under its id until it arrives. */
async function sendAll(
  { pipes, log }: DrainDeliveryDeps,
  pace: typeof PACE,
  { drain, buffer, target }: Sending,
  signal: AbortSignal,
): Promise<void> {
  await using pipe: DrainPipe = pipes.open(target);
  const stopped = (): boolean => signal.aborted;
  let failures = 0;
  while (!stopped()) {
    try {
      await buffer.filled(signal);
    } catch {
      return; // it was stopped
    }
    const lines: readonly LogLine[] = buffer.take(BATCH);
    const batch = { id: randomUUID(), token: drain.token, lines };
    for (let sent = false; !sent && !stopped();) {
      try {
        await pipe.send(batch, signal);
        if (failures > 0) log.info({ app: drain.appId, drain: drain.id }, 'a log drain takes lines again');
        failures = 0;
        sent = true;
      } catch (err) {
        if (stopped()) return;
        if (failures === 0)
          log.warn({ app: drain.appId, drain: drain.id, err }, 'a log drain takes no lines; will try again');
        failures += 1;
        const ms = Math.min(pace.mostMs, pace.firstTryMs * 2 ** Math.min(failures - 1, 10));
        await pause(ms, signal).catch(() => undefined);
      }
    }
  }
}
