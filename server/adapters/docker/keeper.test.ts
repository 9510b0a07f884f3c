import { describe, expect, it } from 'vitest';
import { createMemoryLogArchive } from '../../../test/support/memory-log-archive.ts';
import { quietLog } from '../../../lib/log.ts';
import type { LogArchive } from '../../ports/log-archive.ts';
import { KEPT } from '../../domain/kept-log.ts';
import type { StampedLine } from './frames.ts';
import { createKeeper, type Keeper, type KeeperDeps } from './keeper.ts';
import type { Identified } from './observe.ts';

const never = new AbortController().signal;
const START = Date.parse('2026-01-02T03:04:05.000Z');
const APP = 'app-1';

const CRASHED: Identified = {
  id: 'i1',
  appId: APP,
  appName: 'shop',
  seq: 1,
  release: 3,
  type: 'web',
  number: 1,
  attempt: 0,
  port: 5000,
  createdAt: new Date(START),
  state: 'crashed',
  startedAt: new Date(START),
  endedAt: new Date(START + 1_000),
  exit: { code: 9, outOfMemory: false },
};
const WORDS = ['Process of v3 started', 'boom now', 'Process exited with status 9'];

const stamped = (text: string): StampedLine => ({ stamp: BigInt(START + 500) * 1_000_000n, text });
async function* printing(...texts: readonly string[]): AsyncGenerator<StampedLine, void, undefined> {
  await Promise.resolve();
  for (const text of texts) yield stamped(text);
}
/** Prints that, then nothing, and does not listen to anybody. */
async function* hanging(...texts: readonly string[]): AsyncGenerator<StampedLine, void, undefined> {
  yield* printing(...texts);
  await new Promise(() => undefined);
}

function keeperOf(
  rest: Partial<KeeperDeps> & {
    found?: Identified;
    read?: () => AsyncGenerator<StampedLine, void, undefined>;
  },
): {
  readonly keeper: Keeper;
  readonly words: () => Promise<string[]>;
} {
  const {
    found = CRASHED,
    read = () => printing('boom now'),
    archive = createMemoryLogArchive(),
    ...deps
  } = rest;
  const keeper = createKeeper({
    observer: { identify: (id) => Promise.resolve(id === found.id ? found : undefined) },
    output: { follow: read, last: () => Promise.reject(new Error('not asked for')) },
    archive,
    log: quietLog(),
    limitMs: 50,
    ...deps,
  });
  const words = async (): Promise<string[]> =>
    (await keeper.read({ appId: APP }, never)).flatMap(({ lines }) => lines.map(({ text }) => text));
  return { keeper, words };
}

describe('before an instance is removed', () => {
  it('what it printed is kept, with how it began and ended', async () => {
    const { keeper, words } = keeperOf({});
    await keeper.keep('i1', never);
    expect(await words()).toEqual(WORDS);
    expect(await keeper.read({ appId: APP }, never)).toMatchObject([
      { instanceId: 'i1', type: 'web', number: 1, release: 3 },
    ]);
  });

  it('it is kept once, though the server was killed before the removal and does it again', async () => {
    const archive = createMemoryLogArchive();
    await keeperOf({ archive }).keeper.keep('i1', never);
    const { keeper, words } = keeperOf({ archive });
    await keeper.keep('i1', never);
    expect(await words()).toEqual(WORDS);
  });

  it('what was kept stays when the removal failed and the engine reads the log no more', async () => {
    const archive = createMemoryLogArchive();
    await keeperOf({ archive }).keeper.keep('i1', never);
    const unread = (): never => {
      throw new Error('can not get logs from container which is dead or marked for removal');
    };
    const { keeper, words } = keeperOf({ archive, read: unread });
    await keeper.keep('i1', never);
    expect(await words()).toEqual(WORDS);
  });

  it('only the end of a huge log is kept', async () => {
    const texts = Array.from({ length: 5_000 }, (_, i) => `${i} ${'x'.repeat(2_000)}`);
    const { keeper, words } = keeperOf({ limitMs: 5_000, read: () => printing(...texts) });
    await keeper.keep('i1', never);
    const kept = await words();
    expect(kept.at(-2)).toMatch(/^4999 /);
    expect(kept.join('').length).toBeLessThan(KEPT.bytes);
  });

  it('nothing is kept of one that never ran, nor of one that is not ours', async () => {
    const created = { ...CRASHED, state: 'created', startedAt: null, endedAt: null, exit: null } as const;
    const { keeper, words } = keeperOf({ found: created });
    await keeper.keep('i1', never);
    await keeper.keep('stranger', never);
    expect(await words()).toEqual([]);
  });

  it('an engine that does not answer costs the lines, in bounded time, and not the removal', async () => {
    const observer = { identify: () => new Promise<never>(() => undefined) };
    const { keeper, words } = keeperOf({ observer });
    await expect(keeper.keep('i1', never)).resolves.toBeUndefined();
    expect(await words()).toEqual([]);
  });

  it('a log that does not end in time is kept as far as it was read', async () => {
    const { keeper, words } = keeperOf({ read: () => hanging('boom now') });
    await keeper.keep('i1', never);
    expect(await words()).toEqual(WORDS);
  });

  it.each([
    ['hangs', () => new Promise<never>(() => undefined)],
    ['is full', () => Promise.reject(new Error('ENOSPC: no space left on device'))],
  ])('a disk that %s does not hold it up', async (_name, keep) => {
    const archive: LogArchive = { ...createMemoryLogArchive(), keep };
    await expect(keeperOf({ archive }).keeper.keep('i1', never)).resolves.toBeUndefined();
  });

  it('a server that shuts down leaves it to the next', async () => {
    const closing = AbortSignal.abort(new Error('the server is shutting down'));
    const { keeper, words } = keeperOf({});
    await expect(keeper.keep('i1', closing)).rejects.toThrow('shutting down');
    expect(await words()).toEqual([]);
  });
});

describe('what is kept', () => {
  it('is read by process type and by instance', async () => {
    const archive = createMemoryLogArchive();
    for (const [id, type, number] of [
      ['a', 'web', 1],
      ['b', 'web', 2],
      ['c', 'worker', 1],
    ] as const)
      await keeperOf({ archive, found: { ...CRASHED, id, type, number } }).keeper.keep(id, never);
    const { keeper } = keeperOf({ archive });
    const ids = async (query: { type?: string; number?: number }): Promise<string[]> =>
      (await keeper.read({ appId: APP, ...query }, never)).map(({ instanceId }) => instanceId);
    expect(await ids({})).toEqual(['a', 'b', 'c']);
    expect(await ids({ type: 'web' })).toEqual(['a', 'b']);
    expect(await ids({ type: 'web', number: 2 })).toEqual(['b']);
  });

  it('does not keep the living from being read when it cannot be read itself', async () => {
    const read = (): Promise<never> => Promise.reject(new Error('EIO: i/o error'));
    const { keeper } = keeperOf({ archive: { ...createMemoryLogArchive(), read } });
    expect(await keeper.read({ appId: APP }, never)).toEqual([]);
  });
});
