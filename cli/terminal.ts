import { styleText } from 'node:util';
import { visible } from './visible.ts';

/** Standard output carries the result and nothing else; everything said on the way goes to standard error. */
export interface Terminal {
  /** One line of the result; control characters in it are shown, not sent. */
  print(line: string): void;
  /** The result exactly as it is. */
  raw(text: string): void;
  /** The result as JSON. */
  json(value: unknown): void;
  /** One line of progress or explanation. */
  note(line: string): void;
  /** Colours a word of the result, where colours are wanted. */
  paint(colour: Colour, text: string): string;
  /** Standard input: a hidden answer to a question on a terminal, else its first line. */
  secret(question: string, signal: AbortSignal): Promise<string>;
  /** Width of the screen in columns; undefined when there is none. */
  readonly columns: number | undefined;
}

export type Colour = 'cyan' | 'yellow' | 'green' | 'magenta' | 'blue' | 'red' | 'gray';

interface Out {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?: () => boolean;
  write(text: string): unknown;
}

interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?: (mode: boolean) => unknown;
}

/** A terminal on three streams; colours only where each of them is a screen that has them. */
export function createTerminal(out: Out, err: Out, input: Input): Terminal {
  const colours = coloured(out);
  return {
    columns: out.isTTY === true ? out.columns : undefined,
    print: (line) => out.write(`${visible(line, { colours })}\n`),
    raw: (text) => out.write(text),
    json: (value) => out.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (line) => err.write(`${visible(line, { colours: coloured(err) })}\n`),
    paint: (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text),
    secret: (question, signal) =>
      input.isTTY === true ? ask(question, err, input, signal) : firstLine(input),
  };
}

/** What Node's own rules say for this stream: NO_COLOR, FORCE_COLOR and TERM are its business. */
function coloured(stream: Out): boolean {
  return stream.isTTY === true && stream.hasColors?.() === true;
}

async function firstLine(input: Input): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.includes('\n') || text.length > 65_536) break;
  }
  return text.split('\n', 1)[0]?.trim() ?? '';
}

/** Reads keys one by one without showing them. */
function ask(question: string, err: Out, input: Input, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    let answer = '';
    const end = (finish: () => void): void => {
      input.setRawMode?.(false);
      input.removeListener('data', read);
      signal.removeEventListener('abort', stop);
      input.pause();
      err.write('\n');
      finish();
    };
    const stop = (): void => end(() => reject(signal.reason as Error));
    const read = (chunk: Buffer | string): void => {
      for (const key of chunk.toString()) {
        if (key === '\r' || key === '\n') {
          end(() => resolve(answer.trim()));
          return;
        }
        if (key === '\u0003' || key === '\u0004') {
          end(() => reject(new Error('Cancelled.')));
          return;
        }
        if (key === '\u007f' || key === '\b') answer = answer.slice(0, -1);
        else answer += key;
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    err.write(question);
    input.setRawMode?.(true);
    input.on('data', read);
    input.resume();
  });
}
