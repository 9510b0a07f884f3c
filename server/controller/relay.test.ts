import { describe, expect, it } from 'vitest';
import { relay } from './relay.ts';

async function* printing(lines: Iterable<string>): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `line ${n}`);

describe('what a command prints', () => {
  it('is handed on whole and in order, many lines at once while the last ones are on their way', async () => {
    const handed: (readonly string[])[] = [];
    await relay(printing(numbered(500)), async (lines) => {
      await new Promise((resolve) => setImmediate(resolve));
      handed.push(lines);
    });
    expect(handed.flat()).toEqual(numbered(500));
    expect(handed.length).toBeLessThan(50);
    expect(handed[0]).toHaveLength(1);
  });

  it('is handed on as it comes', async () => {
    let go = (): void => undefined;
    const pause = new Promise<void>((resolve) => (go = resolve));
    const handed: string[] = [];
    async function* slowly(): AsyncGenerator<string> {
      yield 'begun';
      await pause;
      yield 'ended';
    }
    const relaying = relay(slowly(), (lines) => Promise.resolve(void handed.push(...lines)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(handed).toEqual(['begun']);
    go();
    await relaying;
    expect(handed).toEqual(['begun', 'ended']);
  });

  it('is cut off when it is too much, with how much that was', async () => {
    const handed: string[] = [];
    const hand = (lines: readonly string[]) => Promise.resolve(void handed.push(...lines));
    await relay(printing(numbered(5_007)), hand);
    expect([handed.length, handed.at(-1)]).toEqual([5_001, '… and 7 lines more; see the log of the app.']);
    handed.length = 0;
    await relay(printing(['x'.repeat(1_000_000), 'y'.repeat(100_000), 'z']), hand);
    expect(handed.at(-1)).toBe('… and 2 lines more; see the log of the app.');
  });

  it('fails when it cannot be handed on', async () => {
    const hand = () => Promise.reject(new Error('the database is away'));
    await expect(relay(printing(numbered(3)), hand)).rejects.toThrow('the database is away');
  });
});
