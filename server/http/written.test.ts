import { describe, expect, it } from 'vitest';
import { createLists } from './written.ts';

/** Counts what is shaped. */
function open() {
  const shaped: string[] = [];
  const write = createLists((one: { readonly name: string }) => {
    shaped.push(one.name);
    return { name: one.name, text: `“${one.name}”` };
  });
  const read = (items: readonly { readonly name: string }[]) =>
    JSON.parse(write(items).json.toString()) as unknown;
  return { shaped, write, read };
}

const named = (...names: string[]) => names.map((name) => ({ name }));

describe('a list', () => {
  it('is written as JSON, in its order, also one of nothing', () => {
    const { read } = open();
    const items = named('b', 'a');
    expect(read(items)).toEqual([
      { name: 'b', text: '“b”' },
      { name: 'a', text: '“a”' },
    ]);
    expect(read(items.toReversed())).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    expect(read([])).toEqual([]);
  });

  it('is written once as long as it has the same things in it', () => {
    const { write } = open();
    const items = named('a', 'b');
    expect(write([...items])).toBe(write(items));
  });

  it('is written anew with what is new in it, which alone is shaped', () => {
    const { write, read, shaped } = open();
    const [first, second] = named('a', 'b');
    const before = write([first, second].flatMap((one) => one ?? []));
    const now = [...(first ? [first] : []), { name: 'c' }];
    expect(read(now)).toMatchObject([{ name: 'a' }, { name: 'c' }]);
    expect(shaped).toEqual(['a', 'b', 'c']);
    expect(write(now).etag).not.toBe(before.etag);
  });

  it('has one name for the same content, whoever asks for it', () => {
    expect(open().write(named('a')).etag).toBe(open().write(named('a')).etag);
    expect(open().write(named('a')).etag).toMatch(/^W\/"[\w-]{43}"$/);
  });

  it('is forgotten when many others were asked for since', () => {
    const { write } = open();
    const items = named('a');
    const first = write(items);
    for (let n = 0; n < 7; n += 1) write(named(`b${n}`));
    expect(write(items), 'asked for again').toBe(first);
    for (let n = 0; n < 8; n += 1) write(named(`c${n}`));
    expect(write(items)).not.toBe(first);
  });
});
