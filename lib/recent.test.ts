import { describe, expect, it } from 'vitest';
import { createRecent } from './recent.ts';

/** Counts what is made. */
function open(most: number) {
  const made: string[] = [];
  const recent = createRecent<{ readonly of: string }>(most);
  const ask = (key: string) =>
    recent(key, () => {
      made.push(key);
      return { of: key };
    });
  return { made, ask };
}

describe('what was made lately', () => {
  it('is made once for each key', () => {
    const { made, ask } = open(10);
    const [first] = [ask('a'), ask('b')];
    expect(ask('a')).toBe(first);
    expect(made).toEqual(['a', 'b']);
  });

  it('stays as long as it is asked for, however much else is', () => {
    const { made, ask } = open(3);
    for (let n = 0; n < 30; n += 1) {
      ask('kept');
      ask(`passing ${n}`);
    }
    expect(made.filter((key) => key === 'kept')).toHaveLength(1);
  });

  it('is forgotten when twice as much else was asked for, and made anew', () => {
    const { made, ask } = open(3);
    ask('old');
    for (let n = 0; n < 6; n += 1) ask(`other ${n}`);
    expect(ask('old')).toEqual({ of: 'old' });
    expect(made.filter((key) => key === 'old')).toHaveLength(2);
  });

  it('is nothing at all where making it fails, and is tried again', () => {
    const recent = createRecent<object>(3);
    const fail = () => {
      throw new Error('no');
    };
    expect(() => recent('a', fail)).toThrow('no');
    const value = {};
    expect(recent('a', () => value)).toBe(value);
  });
});
