import fc from 'fast-check';
import { pack, type Header } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { ArchiveEntry } from '../../domain/source-archive.ts';
import { readTar, UnreadableArchive } from './tar.ts';

type Read = ArchiveEntry & { readonly text: string };

/** What is read of it when it comes in pieces of so many bytes. */
async function read(archive: Buffer, piece = 700): Promise<Read[]> {
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < archive.length; at += piece)
      yield Promise.resolve(new Uint8Array(archive.subarray(at, at + piece)));
  }
  const all: Read[] = [];
  for await (const { entry, content } of readTar(pieces())) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    all.push({ ...entry, text: Buffer.concat(parts).toString() });
  }
  return all;
}

type Entry = Partial<Header> & { readonly name: string; readonly text?: string };

async function packed(...entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? '');
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A block as an archiver writes it, but for what is changed. */
function header(name: string, type: string, size: number | string, change?: (block: Buffer) => void): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(typeof size === 'string' ? size : `${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  change?.(block);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const padded = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
};
const member = (name: string, type: string, content: string | Buffer): Buffer =>
  Buffer.concat([header(name, type, Buffer.byteLength(content)), padded(content)]);
const END = Buffer.alloc(1024);
const archive = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, END]);
/** Records of an extended header, each with its length in bytes before it. */
const pax = (...pairs: readonly (readonly [key: string, value: string | Buffer])[]): Buffer =>
  Buffer.concat(
    pairs.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      const digits = String(rest.length + String(rest.length).length).length;
      return Buffer.concat([Buffer.from(String(rest.length + digits)), rest]);
    }),
  );

const refused = async (bytes: Buffer, why: string): Promise<void> => {
  const asked = read(bytes);
  await expect(asked).rejects.toBeInstanceOf(UnreadableArchive);
  await expect(asked).rejects.toThrow(why);
};

describe('a tar', () => {
  it('is read to the same entries and bytes, however it arrives', async () => {
    const entry = fc.record({
      name: fc.stringMatching(/^[a-zé]{1,60}(?:\/[a-z]{1,60}){0,3}$/),
      text: fc.string({ maxLength: 1500, unit: 'binary-ascii' }),
      mode: fc.constantFrom(0o644, 0o755),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 5 }),
        fc.integer({ min: 1, max: 3000 }),
        async (entries, piece) => {
          const seen = await read(await packed(...entries), piece);
          expect(seen).toEqual(
            entries.map(({ name, text, mode }) => ({
              ...{ name, text, kind: 'file', size: Buffer.byteLength(text) },
              ...{ executable: mode === 0o755, target: '' },
            })),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('says of each entry what it is; what is none of the known is told as such', async () => {
    const types = ['0', '\0', '7', '5', '2', '1', '3', '4', '6', 'S'];
    const all = await read(archive(...types.map((type) => header('a', type, 0))));
    expect(all.map(({ kind }) => kind)).toEqual([
      ...['file', 'file', 'file', 'directory', 'link'],
      ...['other', 'other', 'other', 'other', 'other'],
    ]);
  });

  it('has folders and links without bytes, whatever size they claim, and only links with a target', async () => {
    const claims = (type: string): Buffer =>
      header('a', type, 600, (block) => void block.write('elsewhere', 157));
    const all = await read(
      archive(
        claims('5'),
        claims('2'),
        header('b', '0', 0, (block) => block.write('x', 157)),
      ),
    );
    expect(all.map(({ name, size, target }) => [name, size, target])).toEqual([
      ['a', 0, ''],
      ['a', 0, 'elsewhere'],
      ['b', 0, ''],
    ]);
  });

  it.each([
    [0o700, true],
    [0o010, true],
    [0o001, true],
    [0o666, false],
  ])('with an entry of mode %o can be executed: %s', async (mode, executable) => {
    expect(await read(await packed({ name: 'run', mode }))).toMatchObject([{ executable }]);
  });

  it('ends with a block of zeros, and with its last whole entry', async () => {
    const one = member('one', '0', 'x');
    const names = async (bytes: Buffer): Promise<string[]> => (await read(bytes)).map(({ name }) => name);
    expect(await names(Buffer.concat([one, Buffer.alloc(512), member('after', '0', 'y')]))).toEqual(['one']);
    expect(await names(one)).toEqual(['one']);
    expect(await names(Buffer.alloc(0))).toEqual([]);
  });

  it('that ends in the middle of a header, a file or its padding is refused', async () => {
    const one = member('one', '0', 'x'.repeat(600));
    await refused(one.subarray(0, 400), 'it ends in the middle of an entry');
    await refused(one.subarray(0, 700), 'it ends in the middle of a file');
    await refused(one.subarray(0, 1200), 'it ends in the middle of a file');
    await refused(member('x', 'x', 'y').subarray(0, 600), 'it ends in the middle of a file');
  });

  it('lets its reader leave an entry unread, and finds the next all the same', async () => {
    async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
      yield Promise.resolve(archive(member('one', '0', 'x'.repeat(1300)), member('two', '0', 'y')));
    }
    const names: string[] = [];
    for await (const { entry } of readTar(whole())) names.push(entry.name);
    expect(names).toEqual(['one', 'two']);
  });
});

describe('a header of a tar', () => {
  it('is refused when its checksum is not that of its bytes', async () => {
    const bytes = member('one', '0', 'x');
    bytes[0] = 'O'.charCodeAt(0);
    await refused(bytes, 'it is not a tar archive, or damaged');
    await refused(Buffer.alloc(512, 'x'), 'it is not a tar archive, or damaged');
  });

  it.each(['0000644 \0', ' 644\0\0\0\0', '644     '])('may write its numbers like %j', async (mode) => {
    const one = header('a', '0', '        3 \0\0', (block) => block.write(mode, 100));
    expect(await read(archive(one, padded('abc')))).toMatchObject([{ text: 'abc', executable: false }]);
  });

  it('is refused with a size that is no number, or beyond every source', async () => {
    await refused(archive(header('a', '0', '12x\0')), 'it is not a tar archive, or damaged');
    await refused(
      archive(header('a', '0', 0, (block) => void (block[124] = 0x80))),
      'it has an entry that is far too large',
    );
  });

  it('has a long name in two parts by POSIX, and in one by GNU, who keep other things there', async () => {
    const two = header('name', '0', 0, (block) => block.write('folder', 345));
    const gnu = header('name', '0', 0, (block) => {
      block.write('ustar  \0', 257);
      block.write('17777777777', 345);
    });
    const old = header('name', '0', 0, (block) => {
      block.fill(0, 257, 265);
      block.write('folder', 345);
    });
    const full = header('n'.repeat(100), '0', 0, (block) => block.write('f'.repeat(155), 345));
    expect((await read(archive(two, gnu, old, full))).map(({ name }) => name)).toEqual([
      ...['folder/name', 'name', 'name', `${'f'.repeat(155)}/${'n'.repeat(100)}`],
    ]);
  });
});

describe('an extension in a tar', () => {
  it('names the next entry only, and together with others before it', async () => {
    const all = await read(
      archive(
        member('x', 'x', pax(['path', 'päth/to'], ['mtime', '1.5'], ['comment', 'a=b\nc'])),
        member('x', 'x', pax(['linkpath', 'tärget'])),
        header('short', '2', 0),
        member('plain', '0', 'y'),
      ),
    );
    expect(all.map(({ name, target }) => [name, target])).toEqual([
      ['päth/to', 'tärget'],
      ['plain', ''],
    ]);
  });

  it('may hold attributes that are no text, as those of macOS', async () => {
    const attribute = ['SCHILY.xattr.com.apple.provenance', Buffer.from([1, 0, 0xff, 0x80, 0x0a])] as const;
    const all = await read(archive(member('x', 'x', pax(attribute, ['path', 'b'])), member('a', '0', 'x')));
    expect(all).toMatchObject([{ name: 'b', text: 'x' }]);
  });

  it('of GNU names an entry and the target of a link, up to the zero that ends it', async () => {
    const all = await read(
      archive(
        member('././@LongLink', 'L', 'long/name\0and\nmore'),
        member('././@LongLink', 'K', 'long/target\0and\nmore'),
        header('short', '2', 0, (block) => block.write('t', 157)),
      ),
    );
    expect(all).toMatchObject([{ name: 'long/name', target: 'long/target', kind: 'link' }]);
  });

  it('that holds for all entries names none of them', async () => {
    const global = member('g', 'g', pax(['path', 'evil'], ['comment', 'abc']));
    expect(await read(archive(global, member('good', '0', 'x')))).toMatchObject([
      { name: 'good', text: 'x' },
    ]);
  });

  it('says how long a file is when the header cannot', async () => {
    const one = Buffer.concat([header('a', '0', 0), padded('hello')]);
    const all = await read(archive(member('x', 'x', pax(['size', '5'])), one, member('b', '0', '')));
    expect(all).toMatchObject([{ name: 'a', size: 5, text: 'hello' }, { name: 'b' }]);
  });

  it.each([
    ...[
      'x',
      '5',
      ' 6 a=b\n',
      '0 a=b\n',
      '2 \n',
      '99 a=b\n',
      'abc a=b\n',
      '-6 a=b\n',
      '1e1 a=b\n1 ',
      '0x8 a=b\n',
    ],
    ...['8 pathX\n', '5 =b\n', '6 a=bc', '6 a=b\n\n', '+6 a=b\n'],
    ...[pax(['size', '-1']), pax(['size', '5x']), pax(['size', '1'.repeat(16)]), pax(['size', ''])],
  ])('that is broken is refused: %s', async (text) => {
    await refused(archive(member('x', 'x', text), member('a', '0', 'hello')), 'it has a broken header');
  });

  it('may be 256 KiB and no more: it is held in memory', async () => {
    const most = 256 * 1024;
    const name = 'n'.repeat(most);
    expect(await read(archive(member('L', 'L', name), header('a', '0', 0)), 65_536)).toMatchObject([
      { name },
    ]);
    await refused(archive(member('L', 'L', `${name}n`), header('a', '0', 0)), 'it has a name without an end');
  });
});
