import { withoutTrailing } from '../lib/trailing.ts';
import type { Mask } from './mask.ts';
import { createTail, sizeOf, type Tail } from './transcript-tail.ts';

/** What one build shows to the person who pushed: the beginning and the end of its output, and all lines of ours. */
export interface Transcript {
  /** A line of ours, already in Heroku's form; never left out. */
  readonly say: (line: string) => void;
  /** A line of the build's own output. What exceeds half of the room is held back, and the newest of it shown at the end. */
  readonly output: (line: string) => void;
  /** The output is over: shows what was held back, after a line that counts what was left out. Nothing is output after it. */
  readonly end: () => void;
}

/** How much of a build's output is shown. */
export interface Room {
  readonly outputBytes: number;
  readonly outputLines: number;
}

const MAX_LINE = 2000;

/** Passes cleaned and masked lines on to `send`; of output, at most what there is room for. */
export function createTranscript(send: (line: string) => void, room: Room, mask: Mask): Transcript {
  const half = { lines: Math.floor(room.outputLines / 2), bytes: Math.floor(room.outputBytes / 2) };
  let [lines, bytes] = [0, 0];
  let held: Tail | undefined;
  let ended = false;
  return {
    say: (line) => send(cleanLine(line, mask)),
    output(line) {
      if (ended) return;
      const clean = cleanLine(line, mask);
      lines += 1;
      bytes += sizeOf(clean);
      if (held === undefined && (lines > half.lines || bytes > half.bytes)) {
        send(HOLDING);
        held = createTail(half);
      }
      if (held === undefined) send(clean);
      else held.push(clean);
    },
    end() {
      if (ended) return;
      ended = true;
      const leftOut = held?.leftOut();
      if (leftOut && leftOut.lines > 0) send(gap(leftOut));
      held?.lines().forEach(send);
      held = undefined;
    },
  };
}

/** To who watches, when nothing more will come for a while. */
const HOLDING =
  ' !     The output is long: of the rest only the end is kept, and shown when the build steps are over.';

function gap({ lines, bytes }: { readonly lines: number; readonly bytes: number }): string {
  const size = bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  return ` !     [${lines} ${lines === 1 ? 'line' : 'lines'} of output, ${size}, left out here]`;
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

/** A text without control characters but tabs. */
export function withoutControls(text: string): string {
  return text.replace(STRINGS, '').replace(CSI, '').replace(ESCAPES, '').replace(CONTROLS, '');
}

/** One line that is safe to print on any terminal: no control characters but tabs, not endless, and masked. */
export function cleanLine(line: string, mask: Mask): string {
  // Of a progress display that overwrites itself only its last state is worth a line.
  const last = withoutTrailing(line, '\r').split('\r').at(-1) ?? '';
  // Before it is cut: half a value would be known no more.
  const clean = mask(withoutControls(last));
  if (clean.length <= MAX_LINE) return clean;
  return `${clean.slice(0, MAX_LINE).replace(/[\ud800-\udbff]$/, '')} … (line cut)`;
}

/** Twice what all config vars of an app may take: each of their values is seen whole, and masked. */
const MAX_RAW_LINE = 128 * 1024;

/** Cuts a stream of bytes into lines. What exceeds 128 KiB without a line end is dropped up to the next one. */
export function createLineCutter(line: (text: string) => void): {
  take: (bytes: Buffer) => void;
  end: () => void;
} {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  const push = (text: string): void => {
    const parts = text.split('\n');
    parts.forEach((part, index) => {
      if (rest.length < MAX_RAW_LINE) rest += part;
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
