import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { askedToStop, createLifecycle, type Lifecycle } from './lifecycle.ts';

let closed: string[];
let warnings: string[];
let lifecycle: Lifecycle;
beforeEach(() => {
  closed = [];
  warnings = [];
  const log = pino({}, { write: (line: string) => warnings.push(line) });
  lifecycle = createLifecycle(log, 30);
});

const close = (name: string): void =>
  lifecycle.onClose(name, () => {
    closed.push(name);
    return Promise.resolve();
  });

it('closes in reverse order, one after the other', async () => {
  close('database');
  const thing = {
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      closed.push('thing');
    },
  };
  expect(lifecycle.own(thing)).toBe(thing);
  close('door');
  await lifecycle[Symbol.asyncDispose]();
  expect(closed).toEqual(['door', 'thing', 'database']);
  expect(warnings).toEqual([]);
});

it('goes on past a step that fails, in whatever way, and one that hangs, and says which', async () => {
  close('database');
  lifecycle.onClose('hanging', () => new Promise(() => undefined));
  lifecycle.onClose('failing', () => Promise.reject(new Error('no')));
  lifecycle.onClose('throwing', () => {
    throw new Error('at once');
  });
  await lifecycle[Symbol.asyncDispose]();
  expect(closed).toEqual(['database']);
  expect(warnings.map((line) => (JSON.parse(line) as { step: string }).step)).toEqual([
    'throwing',
    'failing',
    'hanging',
  ]);
});

it.each(['SIGTERM', 'SIGINT'] as const)('hears %s', async (name) => {
  const asked = askedToStop();
  process.emit(name);
  expect(await asked).toBe(name);
  for (const other of ['SIGTERM', 'SIGINT'] as const) process.emit(other); // used up, so that nothing is left behind
});
