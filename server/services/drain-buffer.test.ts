import { describe, expect, it } from 'vitest';
import type { LogLine } from '../ports/engine.ts';
import { createDrainBuffer, DRAIN_BUFFER_LINES } from './drain-buffer.ts';

const line = (n: number): LogLine => ({
  ...{ at: new Date(n * 1_000), source: 'app', instance: 'web.1', text: String(n) },
});
const fill = (count: number, most?: number) => {
  const buffer = createDrainBuffer(most);
  for (let n = 0; n < count; n += 1) buffer.push(line(n));
  return buffer;
};
const textsOf = (lines: readonly LogLine[]): string[] => lines.map(({ text }) => text);

describe('the lines that wait for a drain', () => {
  it('leave in the order in which they came, some at a time', () => {
    const buffer = fill(5);
    expect(textsOf(buffer.take(3))).toEqual(['0', '1', '2']);
    buffer.push(line(5));
    expect(textsOf(buffer.take(3))).toEqual(['3', '4', '5']);
    expect(buffer.take(3)).toEqual([]);
  });

  it('are the newest when there are too many, and how many were lost is said once, where they were', () => {
    const buffer = fill(7, 3);
    expect(buffer.take(3)).toMatchObject([
      {
        ...{ source: 'gantry', instance: 'logplex', at: new Date(0) },
        text: 'Error L10 (output buffer overflow): 4 messages dropped since 1970-01-01T00:00:00.000+00:00.',
      },
      { text: '4' },
      { text: '5' },
    ]);
    expect(textsOf(buffer.take(3))).toEqual(['6']);
  });

  it('are as many as Heroku’s', () => {
    expect(fill(3_000).take(10_000)).toHaveLength(DRAIN_BUFFER_LINES + 1);
  });

  it('can be waited for, until there is one or nobody wants them', async () => {
    const buffer = createDrainBuffer();
    const stop = new AbortController();
    const waiting = buffer.filled(stop.signal);
    buffer.push(line(1));
    await waiting;
    await buffer.filled(stop.signal);
    buffer.take(1);
    const again = buffer.filled(stop.signal);
    stop.abort(new Error('enough'));
    await expect(again).rejects.toThrow('enough');
    await expect(buffer.filled(stop.signal)).rejects.toThrow('enough');
  });
});
