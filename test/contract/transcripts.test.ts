import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { onEveryStore, patient } from '../support/stores.ts';

onEveryStore((open) => {
  it('gives back what was appended, in order, to whoever comes and from wherever they left', async () => {
    await using stores = await open();
    const [one, other] = [randomUUID(), randomUUID()];
    await stores.transcripts.append(one, ['-----> Building', ''], patient);
    await stores.transcripts.append(other, ['elsewhere'], patient);
    await stores.transcripts.append(one, [], patient);
    await stores.transcripts.append(one, ['a\u0000b', '✓ done'], patient);

    const all = await stores.transcripts.read(one, 0, patient);
    expect(all.map(({ text }) => text)).toEqual(['-----> Building', '', 'a\uFFFDb', '✓ done']);
    const rest = await stores.transcripts.read(one, all[1]?.position ?? 0, patient);
    expect(rest).toEqual(all.slice(2));
    expect(await stores.transcripts.read(one, all[3]?.position ?? 0, patient)).toEqual([]);
    expect(await stores.transcripts.read('nonsense', 0, patient)).toEqual([]);
  });

  it('answers long transcripts a thousand lines at a time', async () => {
    await using stores = await open();
    const stream = randomUUID();
    const lines = Array.from({ length: 12_500 }, (_, index) => `line ${index}`);
    await stores.transcripts.append(stream, lines, patient);
    const read: string[] = [];
    for (let after = 0; ;) {
      const page = await stores.transcripts.read(stream, after, patient);
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(1000);
      read.push(...page.map(({ text }) => text));
      after = page.at(-1)?.position ?? 0;
    }
    expect(read).toEqual(lines);
  });

  it('shows a reader who follows every line, however many write at once', async () => {
    await using stores = await open();
    const stream = randomUUID();
    const writers = Promise.all(
      ['a', 'b', 'c', 'd'].map(async (writer) => {
        for (let i = 0; i < 25; i += 1)
          await stores.transcripts.append(stream, [`${writer}${i}`, `${writer}${i}'`], patient);
      }),
    );
    const progress = { done: false };
    void writers.then(() => (progress.done = true));
    const seen: string[] = [];
    for (let after = 0; ;) {
      const last = progress.done;
      const page = await stores.transcripts.read(stream, after, patient);
      seen.push(...page.map(({ text }) => text));
      after = page.at(-1)?.position ?? after;
      if (last && page.length === 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(seen).size).toBe(200);
    expect(seen).toHaveLength(200);
  });
});
