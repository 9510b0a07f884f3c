import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStatusLine, type StatusLine } from './status-line.ts';

let written = '';
let line: StatusLine;
const screen = { columns: 40, write: (text: string) => (written += text) };
/** What a person sees in the last line. */
const seen = (): string => written.split('\n').at(-1)?.split('\r\u001b[K').at(-1) ?? '';

beforeEach(() => {
  vi.useFakeTimers();
  written = '';
  line = createStatusLine(screen);
});
afterEach(() => {
  line.clear();
  vi.useRealTimers();
});

describe('a status line', () => {
  it('turns while something goes on, and leaves nothing behind', () => {
    const progress = line.begin('Building …');
    expect(seen()).toBe('⠋ Building …');
    vi.advanceTimersByTime(80);
    expect(seen()).toBe('⠙ Building …');
    progress[Symbol.dispose]();
    expect(seen()).toBe('');
    vi.advanceTimersByTime(800);
    expect(seen()).toBe('');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('draws a bar for a share, within the screen', () => {
    const progress = line.begin('A text that is too long for this screen', 0);
    expect(seen()).toBe('⠋ A text tha… ░░░░░░░░░░░░░░░░░░░░   0%');
    progress.update('Up', 0.5);
    expect(seen()).toBe('⠋ Up ██████████░░░░░░░░░░  50%');
    progress.update('Up', 7);
    expect(seen()).toContain('100%');
  });

  it('makes room for whole lines', () => {
    line.begin('Building …');
    line.aside(() => screen.write('a line\n'));
    expect(written).toContain('\r\u001b[Ka line\n');
    expect(seen()).toBe('⠋ Building …');
  });

  it('shows the newest of several, and the older one again after it', () => {
    line.begin('outer');
    const inner = line.begin('inner\u0007');
    expect(seen()).toBe('⠋ inner␇');
    inner[Symbol.dispose]();
    expect(seen()).toBe('⠋ outer');
    line.clear();
    expect(seen()).toBe('');
  });
});
