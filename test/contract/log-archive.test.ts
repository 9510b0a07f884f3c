import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLogArchive } from '../../server/adapters/log-archive/log-archive.ts';
import { KEPT, weightOf, type KeptLog } from '../../server/domain/kept-log.ts';
import type { LogArchive } from '../../server/ports/log-archive.ts';
import { createMemoryLogArchive } from '../support/memory-log-archive.ts';

const never = new AbortController().signal;
const root = await mkdtemp(join(tmpdir(), 'gantry-log-archive-'));
afterAll(() => rm(root, { recursive: true, force: true }));

function logOf(from: number, texts: readonly string[], rest: Partial<KeptLog> = {}): KeptLog {
  const lines = texts.map((text, i): KeptLog['lines'][number] => ({
    stamp: 1_763_000_000_000_000_000n + BigInt(from + i),
    source: i === 0 ? 'gantry' : 'app',
    text,
  }));
  return { instanceId: randomBytes(32).toString('hex'), type: 'web', number: 1, release: 2, lines, ...rest };
}

const numbered = (count: number, word: string): string[] =>
  Array.from({ length: count }, (_, i) => `${word} ${i}`);
const textsOf = (logs: readonly KeptLog[]): string[] =>
  logs
    .flatMap(({ lines }) => lines)
    .toSorted((a, b) => Number(a.stamp - b.stamp))
    .map(({ text }) => text);

describe.each([
  ['in memory', createMemoryLogArchive],
  ['in files', () => createLogArchive({ root })],
])('an archive of logs %s', (_name, open: () => LogArchive) => {
  it('gives back what was kept, to the byte and the nanosecond', async () => {
    const archive = open();
    const appId = randomUUID();
    const texts = ['Process of v2 started', '', 'a\u0000b \u001b[31mred\u2028', '"quoted" \\ ✓ \ud83d\ude80'];
    const one = logOf(0, texts, { type: 'worker', number: 3, release: 41 });
    const other = logOf(9, ['bye']);
    await archive.keep(appId, one, never);
    await archive.keep(appId, other, never);
    const byId = (a: KeptLog, b: KeptLog): number => (a.instanceId < b.instanceId ? -1 : 1);
    expect([...(await archive.read(appId, never))].sort(byId)).toEqual([one, other].sort(byId));
  });

  it('keeps an instance once, as it was kept last', async () => {
    const archive = open();
    const appId = randomUUID();
    const log = logOf(0, ['one', 'two']);
    await archive.keep(appId, { ...log, lines: log.lines.slice(0, 1) }, never);
    await archive.keep(appId, log, never);
    await Promise.all([archive.keep(appId, log, never), archive.keep(appId, log, never)]);
    expect(await archive.read(appId, never)).toEqual([log]);
  });

  it('keeps each app to itself, and nothing of one it has forgotten', async () => {
    const archive = open();
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await archive.keep(mine, logOf(0, ['mine']), never);
    await archive.keep(theirs, logOf(0, ['theirs']), never);
    expect(textsOf(await archive.read(mine, never))).toEqual(['mine']);
    await archive.forget(mine, never);
    await archive.forget(mine, never);
    expect(await archive.read(mine, never)).toEqual([]);
    expect(textsOf(await archive.read(theirs, never))).toEqual(['theirs']);
  });

  it('forgets what was being kept when it was told to', async () => {
    const archive = open();
    const appId = randomUUID();
    await Promise.all([
      archive.keep(appId, logOf(0, numbered(500, 'late')), never),
      archive.forget(appId, never),
    ]);
    expect(await archive.read(appId, never)).toEqual([]);
  });

  it('lets the oldest lines of an app go, of however many instances they are', async () => {
    const archive = open();
    const appId = randomUUID();
    await archive.keep(appId, logOf(0, numbered(1_400, 'old')), never);
    await archive.keep(appId, logOf(5_000, numbered(60, 'newer')), never);
    await Promise.all(
      [1, 2, 3].map((n) => archive.keep(appId, logOf(5_000 + n * 100, numbered(30, `n${n}`)), never)),
    );
    const kept = textsOf(await archive.read(appId, never));
    expect(kept).toHaveLength(KEPT.lines);
    expect(kept[0]).toBe('old 50');
    expect(kept.at(-1)).toBe('n3 29');
    // An older one that comes late has no room left.
    await archive.keep(appId, logOf(-5_000, ['long ago']), never);
    expect(textsOf(await archive.read(appId, never))).toEqual(kept);
  });

  it('is small, however much is printed', async () => {
    const archive = open();
    const appId = randomUUID();
    for (let n = 0; n < 4; n += 1)
      await archive.keep(appId, logOf(n * 1_000, Array<string>(200).fill('\u0001'.repeat(20_000))), never);
    expect(weightOf(await archive.read(appId, never))).toBeLessThanOrEqual(KEPT.bytes);
    expect((await archive.read(appId, never)).flatMap(({ lines }) => lines).length).toBeGreaterThan(15);
  });

  it('keeps nothing for whoever has left', async () => {
    const archive = open();
    const appId = randomUUID();
    const left = AbortSignal.abort(new Error('gone'));
    await expect(archive.keep(appId, logOf(0, ['one']), left)).rejects.toThrow('gone');
    expect(await archive.read(appId, never)).toEqual([]);
  });
});
