import { styleText } from 'node:util';
import { CommandError, Interrupted } from './failures.ts';
import { createStatusLine, type Progress } from './status-line.ts';
import { visible } from './visible.ts';

/** Standard output carries the result and nothing else; everything said on the way goes to standard error. */
export interface Terminal {
  /** One line of the result; control characters in it are shown, not sent. */
  print(line: string): void;
  /** The result exactly as it is, for a program that reads it; on a screen its control characters are shown, not sent. */
  value(text: string): void;
  /** The result exactly as it is, wherever it goes. */
  raw(text: string): void;
  /** The result as JSON. */
  json(value: unknown): void;
  /** One line of progress or explanation. */
  note(line: string): void;
  /** Shows on a live screen what goes on, as long as it is not disposed of; elsewhere it is said once, as a note. */
  progress(text: string, share?: number): Progress;
  /** Takes away whatever is drawn on the screen; for the end of a command, whatever that was. */
  rest(): void;
  /** Colours a word of the result, where colours are wanted. */
  paint(colour: Colour, text: string): string;
  /** Standard input: a hidden answer to a question on a terminal, else its next line; nothing when there is none. */
  secret(question: string, signal: AbortSignal): Promise<string>;
  /** The answer to a question on a terminal; undefined where there is nobody to ask. */
  question(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** All of standard input, of which at most `limit` bytes are read. */
  input(limit: number): Promise<string>;
  /** Whether somebody sits there who can be asked. */
  readonly interactive: boolean;
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
export function createTerminal(out: Out, err: Out, input: Input, env: Surroundings = {}): Terminal {
  const colours = coloured(out);
  const status = createStatusLine(err);
  const live = err.isTTY === true && !env.CI && !env.NO_COLOR && env.TERM !== 'dumb';
  const nextLine = lineReader(input);
  const write = (stream: Out, text: string): void => status.aside(() => stream.write(text));
  const note = (line: string): void => write(err, `${visible(line, { colours: coloured(err) })}\n`);
  return {
    // Asked each time: a window can change while a command runs.
    get columns() {
      // A screen that nobody has told its size says 0, which is no width to fit anything into.
      return out.isTTY === true && out.columns !== 0 ? out.columns : undefined;
    },
    print: (line) => write(out, `${visible(line, { colours })}\n`),
    value: (text) =>
      write(
        out,
        out.isTTY === true
          ? `${text
              .split('\n')
              .map((line) => visible(line))
              .join('\n')}\n`
          : `${text}\n`,
      ),
    raw: (text) => write(out, text),
    json: (value) => write(out, `${JSON.stringify(value, null, 2)}\n`),
    note,
    interactive: input.isTTY === true,
    progress(text, share) {
      if (live) return status.begin(text, share);
      note(text);
      return { update: () => undefined, [Symbol.dispose]: () => undefined };
    },
    rest: () => status.clear(),
    paint: (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text),
    secret: (question, signal) => (input.isTTY === true ? ask(question, err, input, signal) : nextLine()),
    question: (question, signal) =>
      input.isTTY === true && err.isTTY === true
        ? ask(question, err, input, signal, { shown: true })
        : Promise.resolve(undefined),
    input: (limit) => readAll(input, limit),
  };
}

/** What the environment says about the screen, of which nothing but being set counts for the first two. */
type Surroundings = Readonly<Partial<Record<'CI' | 'NO_COLOR' | 'TERM', string>>>;

/** What Node's own rules say for this stream: NO_COLOR, FORCE_COLOR and TERM are its business. */
function coloured(stream: Out): boolean {
  return stream.isTTY === true && stream.hasColors?.() === true;
}

/** Reads standard input line by line, as far as it is asked. */
function lineReader(input: Input): () => Promise<string> {
  let rest = '';
  let pieces: AsyncIterator<string | Buffer> | undefined;
  return async () => {
    pieces ??= input[Symbol.asyncIterator]();
    while (!rest.includes('\n') && rest.length <= 65_536) {
      const piece = await pieces.next();
      if (piece.done === true) break;
      rest += piece.value.toString();
    }
    const [line = '', ...more] = rest.split('\n');
    rest = more.join('\n');
    return line.trim();
  };
}

async function readAll(input: Input, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    parts.push(part);
    size += part.length;
    if (size >= limit) break;
  }
  return Buffer.concat(parts).subarray(0, limit).toString('utf8');
}

/** Reads keys one by one; shows them only when asked to. */
function ask(
  question: string,
  err: Out,
  input: Input,
  signal: AbortSignal,
  { shown = false }: { readonly shown?: boolean } = {},
): Promise<string> {
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
        if (key === '\u0003') {
          end(() => reject(new Interrupted()));
          return;
        }
        if (key === '\u0004') {
          end(() =>
            reject(new CommandError('The question was left without an answer, so nothing was done.')),
          );
          return;
        }
        if (key === '\u007f' || key === '\b') {
          if (shown && answer !== '') err.write('\b \b');
          answer = answer.slice(0, -1);
        } else {
          if (shown) err.write(visible(key));
          answer += key;
        }
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    err.write(question);
    input.setRawMode?.(true);
    input.on('data', read);
    input.resume();
  });
}
