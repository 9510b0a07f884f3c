import { describe, expect, it } from 'vitest';
import { together } from './together.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is asked together', () => {
  it('is one question when it comes in one turn, and each who asked gets their own answer', async () => {
    const asked: (readonly string[])[] = [];
    const ask = together((keys: readonly string[]) => {
      asked.push(keys);
      return Promise.resolve(keys.map((key) => key.toUpperCase()));
    });
    expect(await Promise.all([ask('a'), ask('b'), ask('a')])).toEqual(['A', 'B', 'A']);
    expect(asked).toEqual([['a', 'b', 'a']]);
  });

  it('does not wait for an earlier question, and is never answered by it', async () => {
    const answers: ((answer: readonly number[]) => void)[] = [];
    const ask = together<string, number>(() => new Promise((resolve) => void answers.push(resolve)));
    const first = ask('a');
    await turn();
    const second = ask('a');
    await turn();
    expect(answers).toHaveLength(2);
    answers[1]?.([2]);
    expect(await second).toBe(2);
    answers[0]?.([1]);
    expect(await first).toBe(1);
  });

  it('fails for all who asked in that turn, and for nobody after it', async () => {
    let broken = true;
    const ask = together((keys: readonly string[]) =>
      broken ? Promise.reject(new Error('away')) : Promise.resolve(keys),
    );
    const both = await Promise.allSettled([ask('a'), ask('b')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    expect(await ask('c')).toBe('c');
  });
});
