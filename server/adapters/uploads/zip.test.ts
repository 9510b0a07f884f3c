import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipOf, type ZipEntry } from '../../../test/support/zip.ts';
import type { ArchiveEntry } from '../../domain/source-archive.ts';
import { UnreadableArchive } from './tar.ts';
import { looksLikeZip, readZip } from './zip.ts';

const patient = new AbortController().signal;
let home: string;
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), 'gantry-zip-'))));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function read(
  archive: Buffer,
  signal = patient,
): Promise<(ArchiveEntry & { readonly text: string })[]> {
  const path = join(home, randomBytes(8).toString('hex'));
  writeFileSync(path, archive);
  await using file = await open(path);
  const all: (ArchiveEntry & { readonly text: string })[] = [];
  for await (const { entry, content } of readZip(file, signal)) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    all.push({ ...entry, text: Buffer.concat(parts).toString() });
  }
  return all;
}

const file = (name: string, text: string, more: Partial<ZipEntry> = {}): ZipEntry => ({
  ...{ name, text, mode: 0o100644 },
  ...more,
});
const refused = async (archive: Buffer, why: string): Promise<void> => {
  const asked = read(archive);
  await expect(asked).rejects.toBeInstanceOf(UnreadableArchive);
  await expect(asked).rejects.toThrow(why);
};
const DAMAGED = 'it is a damaged zip archive';

describe('a file that was sent', () => {
  it('looks like a zip by its first bytes, also an empty one', () => {
    expect(looksLikeZip(zipOf([file('a', 'x')]))).toBe(true);
    expect(looksLikeZip(zipOf([]))).toBe(true);
    for (const start of ['PKx\x04', 'Pk\x03\x04', 'pK\x03\x04', '\x1f\x8b', ''])
      expect(looksLikeZip(Buffer.from(start))).toBe(false);
  });
});

describe('a zip', () => {
  it('is read to the entries and bytes it was made of', async () => {
    const entry = fc.record({
      name: fc.stringMatching(/^[a-zü]{1,40}(?:\/[a-z]{1,40}){0,3}$/),
      text: fc.string({ maxLength: 2000, unit: 'binary-ascii' }),
      mode: fc.constantFrom(0o100644, 0o100755),
      stored: fc.boolean(),
      extra: fc.string({ maxLength: 20, unit: 'binary-ascii' }),
      ownExtra: fc.string({ maxLength: 20, unit: 'binary-ascii' }),
      comment: fc.string({ maxLength: 20, unit: 'binary-ascii' }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (entries) => {
        expect(await read(zipOf(entries))).toEqual(
          entries.map(({ name, text, mode }) => ({
            ...{ name, text, kind: 'file', size: Buffer.byteLength(text) },
            ...{ executable: mode === 0o100755, target: '' },
          })),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('says of each entry what it is; what is none of the known is told as such', async () => {
    const all = await read(
      zipOf([
        file('plain', 'x', { mode: 0o644 }),
        file('regular', 'x'),
        file('folder', 'x', { mode: 0o040755 }),
        file('also/', '', { mode: 0o100644 }),
        file('link', 'plain', { mode: 0o120777 }),
        file('pipe', 'x', { mode: 0o010644 }),
      ]),
    );
    expect(all.map(({ name, kind, size, target, text }) => [name, kind, size, target, text])).toEqual([
      ['plain', 'file', 1, '', 'x'],
      ['regular', 'file', 1, '', 'x'],
      ['folder', 'directory', 0, '', ''],
      ['also/', 'directory', 0, '', ''],
      ['link', 'link', 0, 'plain', ''],
      ['pipe', 'other', 0, '', ''],
    ]);
  });

  it.each([
    [0o100700, true],
    [0o100010, true],
    [0o100001, true],
    [0o100666, false],
  ])('with a file of mode %o can be executed: %s', async (mode, executable) => {
    expect(await read(zipOf([file('run', 'x', { mode })]))).toMatchObject([{ executable }]);
  });

  it('made on another system has files that nobody runs, whatever stands where Unix keeps the mode', async () => {
    const all = await read(zipOf([file('a', 'x', { mode: 0o120777, madeOn: 0 })]));
    expect(all).toMatchObject([{ kind: 'file', executable: false, text: 'x' }]);
  });

  it('may end with a comment as long as there can be, and holds nothing when it lists nothing', async () => {
    const comment = 'c'.repeat(65_535);
    expect(await read(zipOf([file('a', 'x')], { comment }))).toMatchObject([{ name: 'a' }]);
    expect(await read(zipOf([]))).toEqual([]);
  });

  it('has links of up to 4096 bytes: a target is read into memory', async () => {
    const link = (length: number): Buffer => zipOf([file('a', 't'.repeat(length), { mode: 0o120777 })]);
    expect(await read(link(4096))).toMatchObject([{ target: 't'.repeat(4096) }]);
    await refused(link(4097), 'it has a link to a path that is too long');
  });

  it('is read no further once nobody waits for it', async () => {
    const gone = new AbortController();
    gone.abort(new Error('went away'));
    await expect(read(zipOf([file('a', 'x')]), gone.signal)).rejects.toThrow('went away');
  });
});

describe('a zip is refused', () => {
  it('when it is encrypted, packed in another way, or of the large kind', async () => {
    await refused(zipOf([file('a', 'x', { flags: 1 })]), 'it is encrypted');
    await refused(zipOf([file('a', 'x', { method: 12 })]), 'it is packed in a way that is not known here');
    const large = 'it is a zip archive of the large kind; send a tar.gz instead';
    await refused(zipOf([file('a', 'x')], { count: 0xffff }), large);
    await refused(zipOf([file('a', 'x')], { at: 0xffffffff }), large);
  });

  it('but not for flags that say nothing of secrets', async () => {
    expect(await read(zipOf([file('a', 'x', { flags: 0x0808 })]))).toMatchObject([{ text: 'x' }]);
  });

  it('when an entry holds more or less than the list says', async () => {
    for (const stored of [true, false]) {
      await refused(zipOf([file('a', 'hello', { stored, says: 4 })]), 'it is unpacked to more than it says');
      await refused(zipOf([file('a', 'hello', { stored, says: 6 })]), DAMAGED);
    }
    await refused(zipOf([file('a', '', { stored: true, says: 1 })]), DAMAGED);
  });

  it('when its bytes are none that could be unpacked', async () => {
    await refused(zipOf([file('a', 'hello', { stored: true, method: 8 })]), DAMAGED);
    await refused(zipOf([file('a', 'hello', { signature: 0x04034b51 })]), DAMAGED);
  });

  it('when its list is not where or what it is said to be', async () => {
    const one = [file('a', 'x')];
    await refused(zipOf(one, { count: 2 }), DAMAGED);
    await refused(zipOf(one, { at: 3 }), DAMAGED);
    await refused(zipOf(one, { bytes: 20 }), DAMAGED);
    await refused(zipOf(one, { bytes: 10_000 }), DAMAGED);
    await refused(zipOf(one).subarray(0, 60), DAMAGED);
    await refused(Buffer.alloc(0), DAMAGED);
  });
});
