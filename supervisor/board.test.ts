import { getEventListeners } from 'node:events';
import { beforeEach, expect, it } from 'vitest';
import { createBoard, type Board } from './board.ts';
import type { PartStatus } from './part.ts';

const patient = new AbortController().signal;
let board: Board;
beforeEach(() => {
  board = createBoard();
});
const status = (name: string, state: PartStatus['state']): PartStatus => ({
  name,
  title: name,
  state,
  origin: 'started',
  pid: 1,
  restarts: 0,
  problem: null,
});

it('keeps the latest of every part', () => {
  board.post(status('redis', 'starting'));
  board.post(status('server', 'waiting'));
  board.post(status('redis', 'ready'));
  expect(board.all().map(({ name, state }) => `${name} ${state}`)).toEqual(['redis ready', 'server waiting']);
  expect([board.isReady('redis'), board.isReady('server'), board.isReady('nobody')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(board.of('server')?.state).toBe('waiting');
});

it('wakes everyone whose wish has come true, and nobody else', async () => {
  const done: string[] = [];
  const wait = (name: string): Promise<unknown> =>
    board.until(() => board.isReady(name), patient).then(() => done.push(name));
  const both = [wait('redis'), wait('redis')];
  const stop = new AbortController();
  const never = board.until(() => board.isReady('router'), stop.signal);
  board.post(status('redis', 'starting'));
  await Promise.resolve();
  expect(done).toEqual([]);
  board.post(status('redis', 'ready'));
  await Promise.all(both);
  await wait('redis'); // true already
  stop.abort(new Error('enough'));
  await expect(never).rejects.toThrow('enough');
  expect(done).toEqual(['redis', 'redis', 'redis']);
});

it('leaves nothing behind with who waits, whichever way that ends', async () => {
  const stop = new AbortController();
  let asked = 0;
  const settled = (): boolean => (asked += 1) > 1;
  const waiting = board.until(settled, stop.signal);
  board.post(status('redis', 'ready'));
  await waiting;
  board.post(status('redis', 'failing'));
  expect(asked).toBe(2);
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  stop.abort(new Error('over'));
  await expect(board.until(() => true, stop.signal)).rejects.toThrow('over');
});
