import { once } from 'node:events';
import type { Response } from 'express';
import { abortController } from '../../lib/abort.ts';

/** Shorter than any idle limit between us and a client. */
export const KEEPALIVE_MS = 15_000;

/** Does the work with a signal that aborts when the client goes away, when the door closes, and when the work is over. */
export async function whileOpen(
  client: AbortSignal,
  ending: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const own = abortController();
  const stop = (): void => own.abort(client.aborted ? client.reason : ending.reason);
  for (const reason of [client, ending]) reason.addEventListener('abort', stop, { once: true });
  try {
    if (client.aborted || ending.aborted) stop();
    await work(own.signal);
  } finally {
    for (const reason of [client, ending]) reason.removeEventListener('abort', stop);
    own.abort(new Error('the stream has ended')); // readers behind it end with it
  }
}

/** Begins an answer that goes on. */
export function begin(res: Response, type: string): void {
  // `no` keeps proxies from collecting what should be seen at once
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };
  // Not express' `set`, which would add a charset to a type that clients compare.
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.flushHeaders();
}

/** Writes pieces as they come, waits for slow readers, fills silence, and ends the answer. */
export async function pump(
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
