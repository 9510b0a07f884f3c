import { appendFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capLog, lastWords } from './part-log.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'part-log-'));
  file = join(dir, 'x.log');
});
afterEach(() => rm(dir, { recursive: true }));

describe('a log that grows', () => {
  it('is left alone up to its cap', async () => {
    await writeFile(file, '12345');
    await capLog(file, 5);
    expect(await readFile(file, 'utf8')).toBe('12345');
    await expect(stat(`${file}.1`)).rejects.toThrow('ENOENT');
  });

  it('is moved aside whole, and emptied in place for the program that still writes it', async () => {
    await using writer = await open(file, 'a');
    await writer.write('first life\n');
    await capLog(file, 5);
    await writer.write('second life\n');
    expect(await readFile(`${file}.1`, 'utf8')).toBe('first life\n');
    expect(await readFile(file, 'utf8')).toBe('second life\n');
    await capLog(file, 5);
    expect(await readFile(`${file}.1`, 'utf8')).toBe('second life\n');
  });

  it('may be absent', async () => {
    await expect(capLog(file, 5)).resolves.toBeUndefined();
  });
});

describe('last words', () => {
  it('are nothing when nothing was said', async () => {
    expect(await lastWords(file)).toBe('');
    await writeFile(file, '\n\n  \n');
    expect(await lastWords(file)).toBe('');
  });

  it('are the last line that is one, as a sentence', async () => {
    await writeFile(file, 'starting\n{"level":60,"msg":"could not start","err":{"message":"no room"}}\n\n');
    expect(await lastWords(file)).toBe('could not start: no room');
    await appendFile(file, 'panic: no memory');
    expect(await lastWords(file)).toBe('panic: no memory');
  });

  it('are found at the end of a log of any length', async () => {
    await writeFile(file, `${'x'.repeat(99)}\n`.repeat(1_000) + 'the end\n');
    expect(await lastWords(file)).toBe('the end');
  });
});
