import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipOf } from '../../../test/support/zip.ts';
import { SOURCE_LIMITS } from '../../../lib/source-limits.ts';
import { unpackArchive } from './unpack.ts';
import { createUploads } from './uploads.ts';

const signal = new AbortController().signal;
const LIMITS = { ...SOURCE_LIMITS, bytes: 4 * 1024 * 1024, entries: 100 };
let home: string;

beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'gantry-unpack-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const at = (...parts: string[]): string => join(home, ...parts);

/** What a tar made of it holds, as GNU tar lists and unpacks it. */
async function unpacked(archive: string): Promise<{ list: string[]; read: (name: string) => string }> {
  await unpackArchive(archive, at('out.tar'), LIMITS, signal);
  mkdirSync(at('out'), { recursive: true });
  execFileSync('tar', ['-xf', at('out.tar'), '-C', at('out')]);
  const list = execFileSync('tar', ['-tvf', at('out.tar')], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return {
    list: list.map((line) => line.replace(/^(\S+)\s+\S+\s+(\d+)\s+\S+ \S+ /, '$1 $2 ')),
    read: (name) => readFileSync(at('out', name), 'utf8'),
  };
}

function makeTree(): string {
  const tree = at('tree');
  mkdirSync(join(tree, 'src', 'd'.repeat(90), 'e'.repeat(90)), { recursive: true });
  writeFileSync(join(tree, 'Procfile'), 'web: ./run\n');
  writeFileSync(join(tree, 'run'), '#!/bin/sh\n');
  chmodSync(join(tree, 'run'), 0o755);
  writeFileSync(join(tree, 'src', 'd'.repeat(90), 'e'.repeat(90), 'grüße.txt'), 'hello');
  writeFileSync(join(tree, 'empty'), '');
  symlinkSync('Procfile', join(tree, 'link'));
  return tree;
}

async function tarOf(
  entries: readonly (Partial<Header> & { name: string; text?: string })[],
): Promise<Buffer> {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? '');
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function written(content: Buffer): string {
  writeFileSync(at('in'), content);
  return at('in');
}

describe('what people send', () => {
  it.each([
    ['GNU tar', ['--format=gnu', '-cf']],
    ['POSIX tar', ['--format=posix', '-cf']],
    ['POSIX tar, gzipped', ['--format=posix', '-czf']],
    ['GNU tar, gzipped', ['--format=gnu', '-czf']],
  ])('as %s is unpacked to the same tree', async (_, options) => {
    execFileSync('tar', [...options, at('in'), '-C', makeTree(), '.']);
    const { list, read } = await unpacked(at('in'));
    const long = `src/${'d'.repeat(90)}/${'e'.repeat(90)}/grüße.txt`;
    expect(read(long)).toBe('hello');
    expect(read('link')).toBe('web: ./run\n');
    expect(statSync(at('out', 'run')).mode & 0o777).toBe(0o755);
    expect(list).toContain('-rw-r--r-- 11 Procfile');
    expect(list).toHaveLength(8);
  });

  it('as zip is unpacked to the same tree', async () => {
    const zip = zipOf([
      { name: 'Procfile', text: 'web: ./run\n', mode: 0o100644 },
      { name: 'bin/', text: '', mode: 0o040755, stored: true },
      { name: 'bin/run', text: '#!/bin/sh\n'.repeat(1000), mode: 0o100755 },
      { name: 'link', text: 'bin/run', mode: 0o120777, stored: true },
    ]);
    const { list, read } = await unpacked(written(zip));
    expect(list.map((line) => line.replace(/ \d+ /, ' '))).toEqual([
      '-rw-r--r-- Procfile',
      'drwxr-xr-x bin',
      '-rwxr-xr-x bin/run',
      'lrwxrwxrwx link -> bin/run',
    ]);
    expect(read('bin/run')).toHaveLength(10_000);
  });

  it('is answered with its checksum', async () => {
    const content = gzipSync(await tarOf([{ name: 'a', text: 'x' }]));
    const { checksum } = await unpackArchive(written(content), at('out.tar'), LIMITS, signal);
    expect(checksum).toBe(createHash('sha256').update(content).digest('hex'));
  });
});

describe('the app.json of what was sent', () => {
  const manifestOf = async (...entries: Parameters<typeof tarOf>[0]): Promise<string | null> => {
    const { manifest } = await unpackArchive(written(await tarOf(entries)), at('out.tar'), LIMITS, signal);
    return manifest && Buffer.from(manifest).toString();
  };

  it('is that of its root, also when all lies in one folder', async () => {
    const [below, own] = ['{"name":"below"}', '{"name":"own"}'];
    expect(await manifestOf({ name: 'lib/app.json', text: below }, { name: './app.json', text: own })).toBe(
      own,
    );
    expect(await manifestOf({ name: 'shop-1.0/app.json', text: own }, { name: 'shop-1.0/a', text: '' })).toBe(
      own,
    );
    expect(await manifestOf({ name: 'a', text: '' }, { name: 'lib/app.json', text: below })).toBeNull();
  });

  it('is no link, and is read no further than it may be long', async () => {
    const link = { name: 'app.json', type: 'symlink' as const, linkname: 'a' };
    expect(await manifestOf({ name: 'a', text: '{}' }, link)).toBeNull();
    const long = await manifestOf({ name: 'app.json', text: 'x'.repeat(1_000_000) }, { name: 'a', text: '' });
    expect(long).toHaveLength(256 * 1024 + 1);
  });
});

describe('what attackers send is refused, and leaves nothing:', () => {
  const refused = async (content: Buffer, reason: RegExp): Promise<void> => {
    const asked = unpackArchive(written(content), at('out.tar'), LIMITS, signal);
    await expect(asked).rejects.toMatchObject({ id: 'source_refused' });
    await expect(asked).rejects.toThrow(reason);
    expect(execFileSync('ls', [home], { encoding: 'utf8' }).trim()).toBe('in');
  };

  it('a way out of the tree', async () => {
    await refused(await tarOf([{ name: '../../etc/passwd', text: 'x' }]), /not a name/);
    await refused(await tarOf([{ name: '/etc/passwd', text: 'x' }]), /absolute/);
    await refused(
      await tarOf([
        { name: 'a', type: 'symlink', linkname: '/etc' },
        { name: 'a/passwd', text: 'x' },
      ]),
      /link|below/,
    );
    await refused(zipOf([{ name: '../x', text: 'x', mode: 0o100644 }]), /not a name/);
  });

  it('hard links, devices and pipes', async () => {
    for (const type of ['link', 'character-device', 'block-device', 'fifo'] as const)
      await refused(
        await tarOf([
          { name: 'a', text: '' },
          { name: 'b', type, linkname: 'a' },
        ]),
        /neither a file/,
      );
  });

  it('a bomb, by its size, by its headers, and by what a zip does not say', async () => {
    const large = await tarOf([{ name: 'a', text: '\0'.repeat(5 * 1024 * 1024) }]);
    await refused(gzipSync(large), /larger than 4 MiB/);
    const skipped = await tarOf([{ name: '.git/pack', text: '\0'.repeat(6 * 1024 * 1024) }]);
    await refused(gzipSync(skipped), /far too large/);
    await refused(zipOf([{ name: 'a', text: '\0'.repeat(1000), mode: 0, says: 10 }]), /more than it says/);
  });

  it('a name without an end, which would be read into memory', async () => {
    const tar = await tarOf([{ name: 'a', text: 'x', pax: { comment: 'y'.repeat(1024 * 1024) } }]);
    await refused(tar, /name without an end/);
  });

  it('what is no archive, or half of one', async () => {
    await refused(randomBytes(2000), /not a tar archive/);
    await refused(Buffer.from('hello'), /ends in the middle|not a tar/);
    await refused(gzipSync(randomBytes(2000)), /not a tar archive/);
    const whole = await tarOf([{ name: 'a', text: 'x'.repeat(5000) }]);
    await refused(whole.subarray(0, 2000), /middle of a file/);
    await refused(gzipSync(whole).subarray(0, 60), /damaged/);
    await refused(zipOf([{ name: 'a', text: 'x', mode: 0 }]).subarray(0, 40), /damaged zip/);
    await refused(Buffer.alloc(10_240), /empty/);
  });
});

describe('sent sources', () => {
  async function* bytes(...sizes: number[]): AsyncGenerator<Uint8Array> {
    for (const size of sizes) yield Promise.resolve(Buffer.alloc(size, 1));
  }
  const mine = { id: 'one', userId: 'ann' };

  it('are kept whole or not at all, within what each person may keep', async () => {
    const uploads = createUploads({ folder: at('uploads'), largest: 100, mostPerUser: 150 });
    expect(await uploads.put(mine, bytes(50, 50), signal)).toBe(100);
    await expect(uploads.put({ ...mine, id: 'two' }, bytes(101), signal)).rejects.toMatchObject({
      id: 'upload_too_large',
    });
    await expect(uploads.put({ ...mine, id: 'two' }, bytes(60), signal)).rejects.toMatchObject({
      id: 'uploads_full',
    });
    expect(await uploads.put({ id: 'two', userId: 'bob' }, bytes(60), signal)).toBe(60);
    expect(await uploads.put(mine, bytes(90), signal)).toBe(90); // sent again: the later one counts
    expect(
      execFileSync('ls', [at('uploads')], { encoding: 'utf8' })
        .trim()
        .split('\n'),
    ).toEqual(['ann_one', 'bob_two']);
    expect(await uploads.read({ ...mine, id: 'two' }, signal)).toBeUndefined();
    expect(await uploads.unpack({ ...mine, id: 'two' }, at('x.tar'), signal)).toBeUndefined();
  });

  it('leave nothing when their sender goes away, and go when they are old', async () => {
    const uploads = createUploads({ folder: at('uploads') });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Promise.resolve(Buffer.alloc(10));
      throw new Error('the client went away');
    }
    await expect(uploads.put(mine, broken(), signal)).rejects.toThrow('went away');
    expect(await uploads.read(mine, signal)).toBeUndefined();
    await uploads.put(mine, bytes(10), signal);
    expect(await uploads.tidy(60_000, signal)).toBe(0);
    expect(await uploads.tidy(-1, signal)).toBe(1);
    expect(await uploads.read(mine, signal)).toBeUndefined();
  });
});
