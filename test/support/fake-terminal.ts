import type { Terminal } from '../../cli/terminal.ts';
import { visible } from '../../cli/visible.ts';

/** A terminal that remembers; not a screen, so without colours. */
export interface FakeTerminal extends Terminal {
  /** What went to standard output. */
  readonly out: () => string;
  /** What went to standard error. */
  readonly err: () => string;
}

export function createFakeTerminal(input: string): FakeTerminal {
  let out = '';
  let err = '';
  const lines = input.split('\n');
  return {
    columns: undefined,
    print: (line) => (out += `${visible(line)}\n`),
    value: (text) => (out += `${text}\n`),
    raw: (text) => (out += text),
    json: (value) => (out += `${JSON.stringify(value)}\n`),
    note: (line) => (err += `${visible(line)}\n`),
    progress(text) {
      err += `${visible(text)}\n`;
      return { update: () => undefined, [Symbol.dispose]: () => undefined };
    },
    rest: () => undefined,
    question: () => Promise.resolve(undefined),
    input: (limit) => Promise.resolve(input.slice(0, limit)),
    paint: (_colour, text) => text,
    secret: () => Promise.resolve(lines.shift()?.trim() ?? ''),
    interactive: false,
    out: () => out,
    err: () => err,
  };
}
