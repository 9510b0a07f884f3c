import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  askHandover,
  askProgress,
  askStatus,
  createStory,
  serveControl,
  takeCharge,
  type Progress,
} from './control.ts';
import type { Home } from './home.ts';

const patient = new AbortController().signal;

async function newHome(): Promise<Home> {
  const root = await mkdtemp(join(tmpdir(), 'control-'));
  return { id: randomBytes(3).toString('hex'), root, run: root, logs: root, secrets: root, volatile: root };
}

it('lets one process at a time be in charge', async () => {
  const home = await newHome();
  const first = await takeCharge(home, 0, patient);
  expect(first).toBeDefined();
  expect(await takeCharge(home, 0, patient)).toBeUndefined();
  await first?.[Symbol.asyncDispose]();
  const second = await takeCharge(home, 0, patient);
  expect(second).toBeDefined();
  await second?.[Symbol.asyncDispose]();
  await rm(home.root, { recursive: true });
});

it('tells the whole story of a start to whoever comes late, and ends with its outcome', async () => {
  const home = await newHome();
  const story = createStory();
  const control = await serveControl(home, {
    story,
    version: 'v',
    parts: () => [],
    handOver: () => undefined,
  });
  story.tell({ kind: 'line', text: 'one' });
  const heard: Progress[] = [];
  const listening = (async () => {
    for await (const event of askProgress(home, patient)) heard.push(event);
  })();
  await expect.poll(() => heard.length).toBe(1);
  story.tell({ kind: 'ready' });
  await listening;
  expect(heard).toEqual([{ kind: 'line', text: 'one' }, { kind: 'ready' }]);
  await control[Symbol.asyncDispose]();
  await rm(home.root, { recursive: true });
});

it('answers with its status, lets go when asked, and is unknown when gone', async () => {
  const home = await newHome();
  let asked = 0;
  const control = await serveControl(home, {
    story: createStory(),
    version: 'v',
    parts: () => [],
    handOver: () => (asked += 1),
  });
  expect(await askStatus(home, patient)).toEqual({ pid: process.pid, version: 'v', parts: [] });
  await askHandover(home, patient);
  expect(asked).toBe(1);
  await control[Symbol.asyncDispose]();
  expect(await askStatus(home, patient)).toBeUndefined();
  await rm(home.root, { recursive: true });
});
