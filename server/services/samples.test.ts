import { beforeEach, describe, expect, it } from 'vitest';
import { PlatformError } from '../domain/errors.ts';
import type { Sample } from '../domain/sample.ts';
import type { BackendReport } from '../ports/router.ts';
import { createSamples } from './samples.ts';

const WEB = { instance: 'web.1', memoryBytes: 1, memoryLimitBytes: 2, cpuSeconds: 3 };
const report = (key: string, requests: number, more: Partial<BackendReport> = {}): BackendReport => ({
  ...{ app: 'a', key, role: 'serving', sessions: 1, requests, dropped: 0, servers: [] },
  ...more,
});

let reports: readonly BackendReport[];
let away: 'engine_away' | 'router_away' | null;
let asked: number;
let ms: number;
beforeEach(() => {
  [reports, away, asked, ms] = [[report('1', 100)], null, 0, 0];
});

/** Longer than a timer may be early: within half of it the reading before is the answer. */
const samples = (everyMs = 20) =>
  createSamples({
    engine: {
      usage: () =>
        away === 'engine_away' ? Promise.reject(PlatformError.of(away, {})) : Promise.resolve([WEB]),
    },
    router: {
      backends() {
        asked += 1;
        return away === 'router_away' ? Promise.reject(PlatformError.of(away, {})) : Promise.resolve(reports);
      },
    },
    clock: { now: () => new Date((ms += 1_000)) },
    everyMs,
  });

const open = (of = samples()): AsyncIterator<Sample> =>
  of.follow('a', new AbortController().signal)[Symbol.asyncIterator]();
const next = async (from: AsyncIterator<Sample>): Promise<Sample> => {
  const one = await from.next();
  if (one.done === true) throw new Error('it ended');
  return one.value;
};

describe('samples of an app', () => {
  it('begin with what is so now, and go on with what was added since', async () => {
    const following = open();
    expect(await next(following)).toEqual({
      ...{ at: new Date(1_000), seconds: 0, requests: 0, dropped: 0, sessions: 1, instances: [WEB] },
    });
    reports = [report('1', 107, { dropped: 2, role: 'draining' }), report('2', 5, { sessions: 4 })];
    expect(await next(following)).toMatchObject({ seconds: 1, requests: 12, dropped: 2, sessions: 5 });
  });

  it.each(['engine_away', 'router_away'] as const)('go on when it is back: %s', async (who) => {
    const following = open();
    await next(following);
    away = who;
    const before = asked;
    const later = next(following);
    await expect.poll(() => asked).toBeGreaterThan(before + 1);
    away = null;
    expect(await later).toMatchObject({ requests: 0, instances: [WEB] });
  });

  it('are asked for once for all who follow', async () => {
    const of = samples(60_000);
    for (let readers = 0; readers < 5; readers += 1) await next(open(of));
    expect(asked).toBe(1);
  });

  it('end with whoever follows, and with what nobody expects', async () => {
    const stop = new AbortController();
    const following = samples(60_000).follow('a', stop.signal)[Symbol.asyncIterator]();
    await next(following);
    const last = following.next();
    stop.abort(new Error('left'));
    await expect(last).rejects.toThrow('left');
    const broken = createSamples({
      engine: { usage: () => Promise.reject(new TypeError('a bug')) },
      router: { backends: () => Promise.resolve([]) },
      clock: { now: () => new Date() },
    });
    await expect(next(open(broken))).rejects.toThrow('a bug');
  });
});
