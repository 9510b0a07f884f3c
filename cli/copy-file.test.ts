import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newFile } from './copy-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'copy-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('a new file has its name only when it is whole', async () => {
  const path = join(folder, 'copied');
  {
    await using file = await newFile(path);
    await file.write(Buffer.from('one '));
    expect(await readdir(folder)).not.toContain('copied');
    await file.write(Buffer.from('two'));
    await file.keep();
  }
  expect(await readdir(folder)).toEqual(['copied']);
  expect(await readFile(path, 'utf8')).toBe('one two');
});

it('nothing is left of a new file that was not kept', async () => {
  const fail = async (): Promise<void> => {
    await using file = await newFile(join(folder, 'copied'));
    await file.write(Buffer.from('half'));
    throw new Error('the connection broke');
  };
  await expect(fail()).rejects.toThrow('the connection broke');
  expect(await readdir(folder)).toEqual([]);
});

it('a file that is there is left alone, and a folder that is not there is told of', async () => {
  await writeFile(join(folder, 'old'), 'old');
  await expect(newFile(join(folder, 'old'))).rejects.toThrow(/is there already and was left alone/);
  await expect(newFile(join(folder, 'none', 'x'))).rejects.toThrow(/cannot be written/);
  await expect(newFile(join(folder, 'old', 'x'))).rejects.toThrow(/cannot be written/);
  expect(await readFile(join(folder, 'old'), 'utf8')).toBe('old');
});
