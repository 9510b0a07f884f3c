import { withDeadline } from '../../../lib/deadline.ts';
import type { Logger } from '../../../lib/log.ts';
import { KEPT, type KeptLog } from '../../domain/kept-log.ts';
import type { LogArchive } from '../../ports/log-archive.ts';
import { orAborted } from './client.ts';
import { entriesOf } from './entries.ts';
import type { StampedLine } from './frames.ts';
import type { Notes } from './notes.ts';
import type { Identified, Observer } from './observe.ts';
import type { Output } from './output.ts';

/** Reading a log may take this long, and writing it down as well: a removal waits no longer. A busy disk takes seconds. */
const KEEP_LIMIT_MS = 10_000;

/** Sees to it that the last words of an instance outlive its container. */
export interface Keeper {
  /**
   * Keeps the log of an instance that is about to be removed; to be called before each removal. Fails only when the
   * signal aborts: what cannot be kept in time is lost, and said in the platform's own log.
   */
  keep(instanceId: string, signal: AbortSignal): Promise<void>;
  /** What is kept of an app, or of one process type or instance of it. */
  read(
    query: { readonly appId: string; readonly type?: string; readonly number?: number },
    signal: AbortSignal,
  ): Promise<readonly KeptLog[]>;
}

export interface KeeperDeps {
  readonly observer: Pick<Observer, 'identify'>;
  readonly output: Pick<Output, 'last' | 'follow'>;
  readonly archive: LogArchive;
  readonly notes?: Notes;
  readonly log: Logger;
  readonly limitMs?: number;
}

export function createKeeper({ observer, output, archive, notes, log, ...options }: KeeperDeps): Keeper {
  const limitMs = options.limitMs ?? KEEP_LIMIT_MS;

  /** Work that may not listen to its signal, such as a disk that hangs, is left behind. */
  async function within(
    signal: AbortSignal,
    about: object,
    work: (inner: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      await withDeadline(limitMs, signal, (inner) => orAborted(inner, work(inner)));
    } catch (err) {
      signal.throwIfAborted();
      log.warn({ err, ...about }, 'the log of an instance that is removed is not kept in full');
    }
  }

  /** Adds to `lines`, so that what was read before the time was over is not lost. */
  async function collect(found: Identified, lines: StampedLine[], signal: AbortSignal): Promise<void> {
    // Read as a stream, because it can be 20 MB; that of one that still runs would have no end.
    const recent =
      found.state === 'crashed'
        ? output.follow(found.id, { after: null, tail: KEPT.lines }, signal)
        : await output.last(found.id, KEPT.lines, signal);
    let size = 0;
    for await (const line of recent) {
      if (signal.aborted) return;
      lines.push(line);
      size += line.text.length;
      while (lines.length > KEPT.lines || (size > KEPT.bytes && lines.length > 1))
        size -= lines.shift()?.text.length ?? 0;
    }
  }

  async function isKept({ id, appId }: Identified, signal: AbortSignal): Promise<boolean> {
    let known = false;
    await within(signal, { app: appId, instance: id }, async (inner) => {
      known = (await archive.read(appId, inner)).some((log) => log.instanceId === id);
    });
    return known;
  }

  return {
    async keep(instanceId, signal) {
      let found: Identified | undefined;
      const lines: StampedLine[] = [];
      await within(signal, { instance: instanceId }, async (inner) => {
        found = await observer.identify(instanceId, inner);
        if (found !== undefined && found.state !== 'created' && found.run?.attached !== true)
          await collect(found, lines, inner);
      });
      if (found === undefined) return;
      const said = notes?.of(instanceId) ?? [];
      if (found.state === 'created' && said.length === 0) return;
      const { id, appId, type, number, release } = found;
      const told = entriesOf(found, lines, said);
      if (told.length === 0) return;
      // Of one whose removal began and failed the engine reads nothing any more; what was kept before that stays.
      if (lines.length === 0 && (await isKept(found, signal))) return;
      const kept = {
        instanceId: id,
        type,
        number,
        release,
        lines: told.map(({ stamp, source, text }) => ({ stamp, source, text })),
      };
      await within(signal, { app: appId, instance: id }, (inner) => archive.keep(appId, kept, inner));
    },
    async read({ appId, type, number }, signal) {
      const kept = await archive.read(appId, signal).catch((err: unknown) => {
        signal.throwIfAborted();
        log.warn({ err, app: appId }, 'what is kept of the logs of an app could not be read');
        return [];
      });
      return kept.filter((log) => (type ?? log.type) === log.type && (number ?? log.number) === log.number);
    },
  };
}
