import { beforeEach, describe, expect, it } from 'vitest';
import type { BackendReport } from '../ports/router.ts';
import { createRollouts, type Rollouts } from './rollouts.ts';

let nowMs: number;
let rollouts: Rollouts;
beforeEach(() => {
  nowMs = 0;
  rollouts = createRollouts(() => nowMs);
});

const report = (key: string, requests: number, dropped = 0, app = 'hello'): BackendReport => ({
  app,
  key,
  role: 'serving',
  sessions: 0,
  requests,
  dropped,
  servers: [],
});
const ledger = () => rollouts.ledger('d', 'hello');

describe('the ledger', () => {
  it('counts the requests of the app while the deployment ran, over all of its backends', () => {
    rollouts.count([report('d1', 100, 2)]);
    rollouts.began('d', 'hello');
    rollouts.count([report('d1', 130, 2), report('d2', 5)]);
    rollouts.count([report('d1', 130, 3), report('d2', 25), report('d1', 1_000, 9, 'other')]);
    expect(ledger()).toMatchObject({ requests: 55, dropped: 1 });
  });

  it('goes on when counters start again, because a backend was filled anew or the router restarted', () => {
    rollouts.began('d', 'hello');
    rollouts.count([report('d1', 40, 4)]);
    rollouts.count([report('d1', 3, 1)]);
    expect(ledger()).toMatchObject({ requests: 43, dropped: 5 });
  });

  it('counts one app between two looks, and of the others what is new since the last', () => {
    rollouts.began('d', 'hello');
    rollouts.began('e', 'other');
    rollouts.count([report('d1', 40), report('d1', 100, 0, 'other')]);
    rollouts.countOf('hello', [report('d1', 50), report('d2', 1)]);
    expect(ledger().requests).toBe(51);
    rollouts.count([report('d1', 60), report('d2', 2), report('d1', 110, 0, 'other')]);
    expect([ledger().requests, rollouts.ledger('e', 'other').requests]).toEqual([62, 110]);
  });

  it('takes a backend that comes back for a new one', () => {
    rollouts.began('d', 'hello');
    rollouts.count([report('d1', 40)]);
    rollouts.count([]);
    rollouts.count([report('d1', 50)]);
    expect(ledger().requests).toBe(90);
  });

  it('does not count our own probes, and never less than nothing', () => {
    rollouts.began('d', 'hello');
    rollouts.probed('d', 2);
    rollouts.probed('d', 1);
    expect(ledger().requests).toBe(0);
    rollouts.count([report('d2', 5)]);
    expect(ledger().requests).toBe(2);
  });

  it('measures the boot from the beginning to the first time that all were ready', () => {
    rollouts.began('d', 'hello');
    nowMs = 250;
    expect(ledger().bootMs).toBe(250);
    rollouts.ready('d');
    nowMs = 900;
    rollouts.ready('d');
    rollouts.began('d', 'hello');
    rollouts.switched('d', 7);
    expect(ledger()).toMatchObject({ bootMs: 250, switchMs: 7 });
  });

  it('begins anew for a deployment that was forgotten', () => {
    rollouts.began('d', 'hello');
    rollouts.count([report('d1', 40)]);
    rollouts.forget('d');
    expect(ledger()).toEqual({ bootMs: 0, switchMs: 0, requests: 0, dropped: 0 });
  });
});

describe('a deployment that is staged', () => {
  it('is proven once it answered', () => {
    expect(rollouts.isProven('d')).toBe(false);
    rollouts.proven('d');
    expect([rollouts.isProven('d'), rollouts.isProven('other')]).toEqual([true, false]);
  });

  it('has what the last request met, until the deployment is forgotten', () => {
    expect(rollouts.heard('d')).toBeNull();
    rollouts.refuted('d', 'GET / had no answer within 55 s');
    rollouts.refuted('d', 'GET / was answered 500');
    expect([rollouts.heard('d'), rollouts.heard('other')]).toEqual(['GET / was answered 500', null]);
    rollouts.forget('d');
    expect(rollouts.heard('d')).toBeNull();
  });
});

describe('a refusal of the engine', () => {
  const refuse = (instance = 'web.1', final = false) =>
    rollouts.refused('d', instance, 'no such image', final);

  it('ends the deployment at once when it is final', () => {
    refuse('web.1', true);
    expect(rollouts.trouble('d')).toBe('no such image');
  });

  it('ends it when one instance was refused five times', () => {
    for (let times = 1; times < 5; times += 1) refuse();
    expect(rollouts.trouble('d')).toBeNull();
    refuse();
    expect(rollouts.trouble('d')).toBe('no such image');
  });

  it('does not end it when many instances are refused in one moment', () => {
    for (let number = 1; number <= 20; number += 1) refuse(`web.${number}`);
    expect(rollouts.trouble('d')).toBeNull();
  });
});
