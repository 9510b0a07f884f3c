import { expect, it } from 'vitest';
import { startLoop } from './loop.ts';
import { quietLog } from './log.ts';

const options = { name: 'test', log: quietLog(), everyMs: 60_000 };

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

it('remembers a wake that arrives in the middle of a round', async () => {
  const middle = gate();
  const second = gate();
  let rounds = 0;
  await using loop = startLoop(async () => {
    rounds += 1;
    if (rounds === 1) await middle.opened;
    else second.open();
  }, options);
  loop.wake();
  middle.open();
  await second.opened;
  expect(rounds).toBe(2);
});

it('goes on after a round that throws', async () => {
  const second = gate();
  let rounds = 0;
  await using loop = startLoop(() => {
    rounds += 1;
    if (rounds === 1) return Promise.reject(new Error('engine away'));
    second.open();
    return Promise.resolve();
  }, options);
  await Promise.resolve();
  loop.wake();
  await second.opened;
  expect(rounds).toBe(2);
});

it('aborts the running round on disposal and waits for it', async () => {
  const entered = gate();
  let ended = false;
  const loop = startLoop(async (signal) => {
    entered.open();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    ended = true;
  }, options);
  await entered.opened;
  await loop[Symbol.asyncDispose]();
  expect(ended).toBe(true);
});
