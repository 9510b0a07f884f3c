import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from './replace-file.ts';

it('never lets a reader find a part, however many write at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-replace-'));
  const path = join(folder, 'deep', 'authorities.pem');
  const texts = ['a', 'b'].map((letter) => letter.repeat(2_000_000));
  await replaceFile(path, texts[0] ?? '');
  const seen = new Set<string>();
  const reading = Array.from({ length: 40 }, async () => seen.add(await readFile(path, 'utf8')));
  await Promise.all([
    ...reading,
    ...texts.flatMap((text) => [replaceFile(path, text), replaceFile(path, text)]),
  ]);
  expect([...seen].filter((text) => !texts.includes(text)).map(({ length }) => length)).toEqual([]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'deep')), 'no draft is left').toEqual(['authorities.pem']);
  await rm(folder, { recursive: true });
});
