/** What one build shows to the person who pushed. */
export interface Transcript {
  /** A line of ours, already in Heroku's form; never cut by the limit. */
  readonly say: (line: string) => void;
  /** A line of the build's own output, without its indentation; dropped beyond the limit, with one mark. */
  readonly output: (line: string) => void;
  /** The last lines that the limit kept from being shown; empty when it did not. */
  readonly hidden: () => readonly string[];
}

const MAX_LINE = 2000;
const TAIL_LINES = 20;

/** Passes cleaned lines on to `send`; of output, at most `maxBytes`. */
export function createTranscript(send: (line: string) => void, maxBytes: number): Transcript {
  let bytes = 0;
  let full = false;
  const tail: string[] = [];
  return {
    say: (line) => send(cleanLine(line)),
    output(line) {
      const clean = cleanLine(line);
      bytes += Buffer.byteLength(clean) + 1;
      if (bytes <= maxBytes) {
        send(clean);
        return;
      }
      if (!full) send(` !     The output is longer than ${maxBytes} bytes; the rest is not shown.`);
      full = true;
      tail.push(clean);
      if (tail.length > TAIL_LINES) tail.shift();
    },
    hidden: () => tail,
  };
}

// Colours and cursor movements (CSI), titles and links (OSC and friends), other escapes; then what is left of control
// characters, and the marks that turn the direction of writing, which can make a line read as another.
/* eslint-disable no-control-regex -- control characters are what is removed */
const CSI = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g;
const STRINGS =
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/g;
const ESCAPES = /\u001b[ -/]*[0-~]?/g;
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/* eslint-enable no-control-regex */

/** One line that is safe to print on any terminal: no control characters but tabs, and not endless. */
export function cleanLine(line: string): string {
  // Of a progress display that overwrites itself only its last state is worth a line.
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  const clean = last.replace(STRINGS, '').replace(CSI, '').replace(ESCAPES, '').replace(CONTROLS, '');
  if (clean.length <= MAX_LINE) return clean;
  return `${clean.slice(0, MAX_LINE).replace(/[\ud800-\udbff]$/, '')} … (line cut)`;
}

/** Cuts a stream of bytes into lines. What exceeds 64 KiB without a line end is dropped up to the next one. */
export function createLineCutter(line: (text: string) => void): {
  take: (bytes: Buffer) => void;
  end: () => void;
} {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  const push = (text: string): void => {
    const parts = text.split('\n');
    parts.forEach((part, index) => {
      if (rest.length < 65_536) rest += part;
      if (index === parts.length - 1) return;
      line(rest);
      rest = '';
    });
  };
  return {
    take: (bytes) => push(decoder.decode(bytes, { stream: true })),
    end() {
      push(decoder.decode());
      if (rest !== '') line(rest);
      rest = '';
    },
  };
}
