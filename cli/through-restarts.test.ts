import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import { throughRestarts } from './through-restarts.ts';

const away = new UnreachableError('http://x', 'ECONNREFUSED');
const refused = (status: number) =>
  new ApiError(status, { id: 'x', message: 'No.', retry: false, request_id: 'r' });

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => vi.useRealTimers());

/** Looks where each of these problems is met for so long, and then none; answers after how long it was over, and how. */
async function looking(problems: readonly (readonly [Error, number])[]) {
  const begun = Date.now();
  const look = () => {
    let end = begun;
    for (const [problem, ms] of problems) {
      end += ms;
      if (Date.now() < end) return Promise.reject(problem);
    }
    return Promise.resolve('seen');
  };
  const context = { signal: stop.signal, now: () => new Date() };
  const over = throughRestarts(context, look).then(
    (seen) => ({ seen, ms: Date.now() - begun }),
    (err: unknown) => ({ err, ms: Date.now() - begun }),
  );
  await vi.advanceTimersByTimeAsync(120_000);
  return over;
}

it('sees at once what there is', async () => {
  expect(await looking([])).toEqual({ seen: 'seen', ms: 0 });
});

it('outlasts a server that is away and a router that says so', async () => {
  const { seen } = (await looking([
    [away, 10_000],
    [refused(503), 10_000],
    [refused(502), 5_000],
  ])) as { seen: string };
  expect(seen).toBe('seen');
});

it('says what it met when that lasts for more than a minute', async () => {
  const { err, ms } = (await looking([[away, 90_000]])) as { err: unknown; ms: number };
  expect(err).toBe(away);
  expect(ms).toBeGreaterThan(60_000);
  expect(ms).toBeLessThan(61_000);
});

it.each([404, 401, 409, 500])('does not wait after an answer of %i', async (status) => {
  expect(await looking([[refused(status), 10_000]])).toMatchObject({ ms: 0 });
});

it('ends when nobody wants to wait any longer', async () => {
  setTimeout(() => stop.abort(new Error('interrupted')), 1_000);
  const { ms } = await looking([[away, 30_000]]);
  expect(ms).toBeLessThan(1_400);
});
