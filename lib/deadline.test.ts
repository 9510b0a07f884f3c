import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DeadlineError, pause, withDeadline } from './deadline.ts';

const patient = new AbortController().signal;
/** Ends only with the signal, and with an error of its own, as libraries do. */
const stubborn = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('This operation was aborted'))),
  );

describe('work with a deadline', () => {
  it('answers what the work answers, and lets go of the parent', async () => {
    const parent = new AbortController();
    expect(await withDeadline(1_000, parent.signal, () => Promise.resolve(7))).toBe(7);
    await expect(withDeadline(1_000, parent.signal, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('says that the time is over, not what the library made of it', async () => {
    await expect(withDeadline(5, patient, stubborn)).rejects.toThrow(new DeadlineError(5));
  });

  it('gives up with the reason of its parent', async () => {
    const parent = new AbortController();
    const working = withDeadline(60_000, parent.signal, stubborn);
    parent.abort(new Error('shutting down'));
    await expect(working).rejects.toThrow('shutting down');
  });

  it('does not begin when its parent is over already', async () => {
    let began = false;
    const late = withDeadline(1_000, AbortSignal.abort(new Error('over')), () => {
      began = true;
      return Promise.resolve();
    });
    await expect(late).rejects.toThrow('over');
    expect(began).toBe(false);
  });

  it('aborts nothing after the work is done', async () => {
    const parent = new AbortController();
    const seen = await withDeadline(5, parent.signal, (signal) => Promise.resolve(signal));
    parent.abort(new Error('later'));
    await pause(15, patient);
    expect(seen.aborted).toBe(false);
  });
});

describe('a pause', () => {
  it('lasts as long as it should and leaves no listener', async () => {
    const stop = new AbortController();
    const began = performance.now();
    await pause(30, stop.signal);
    expect(performance.now() - began).toBeGreaterThan(25);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it('ends early with the reason, also when that was there before it', async () => {
    const stop = new AbortController();
    const waiting = pause(60_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(pause(60_000, stop.signal)).rejects.toThrow('enough');
  });
});
