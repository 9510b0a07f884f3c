/** Longest line that is shown, in characters; what is longer ends in an ellipsis. */
const LONGEST = 4000;

type State = 'text' | 'escape' | 'control' | 'string' | 'string-escape';

const ESC = 0x1b;
/** What ESC may be followed by to begin a string (OSC, DCS, SOS, PM, APC) that lasts until BEL or ST. */
const STRING_OPENERS = new Set([0x5d, 0x50, 0x58, 0x5e, 0x5f]);
/** The same as single C1 characters. */
const C1_STRING_OPENERS = new Set([0x9d, 0x90, 0x98, 0x9e, 0x9f]);

/**
 * One line of a build's output, made safe for a stranger's terminal: escape sequences, control characters (but tab) and
 * characters that reorder text are gone; of a line redrawn with carriage returns the last drawing stays. Idempotent.
 */
export function printable(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === '\r' || line[end - 1] === '\n')) end -= 1;
  const drawn = line.slice(0, end);
  let state: State = 'text';
  const kept: string[] = [];
  const start = drawn.lastIndexOf('\r') + 1;
  // Far more than is shown is not even looked at: a line without an end must not cost a second.
  for (const character of drawn.slice(start, start + 8 * LONGEST)) {
    const code = character.codePointAt(0) ?? 0;
    const before = state;
    state = after(state, code);
    if (before === 'text' && state === 'text' && isShown(code))
      kept.push(isLoneSurrogate(code) ? '\ufffd' : character);
  }
  return kept.length > LONGEST ? `${kept.slice(0, LONGEST - 1).join('')}…` : kept.join('');
}

/** Any text as printable lines. */
export function printableLines(text: string): string[] {
  return text.split('\n').map(printable);
}

function after(state: State, code: number): State {
  switch (state) {
    case 'text':
      return opened(code);
    case 'escape':
      return afterEscape(code);
    case 'control':
      return afterParameter(code);
    case 'string':
      if (code === 0x07 || code === 0x9c) return 'text';
      return code === ESC ? 'string-escape' : 'string';
    case 'string-escape':
      return code === 0x5c ? 'text' : afterEscape(code);
  }
}

function opened(code: number): State {
  if (code === ESC) return 'escape';
  if (code === 0x9b) return 'control';
  return C1_STRING_OPENERS.has(code) ? 'string' : 'text';
}

/** Parameters and intermediates go on; a final byte, or anything that cannot belong to the sequence, ends it. */
function afterParameter(code: number): State {
  if (code === ESC) return 'escape';
  return code >= 0x20 && code <= 0x3f ? 'control' : 'text';
}

function afterEscape(code: number): State {
  if (code === ESC) return 'escape';
  if (code === 0x5b) return 'control';
  if (STRING_OPENERS.has(code)) return 'string';
  return code >= 0x20 && code <= 0x2f ? 'escape' : 'text';
}

function isShown(code: number): boolean {
  const control = (code < 0x20 && code !== 0x09) || (code >= 0x7f && code <= 0x9f);
  const reorders = code === 0x61c || code === 0x200e || code === 0x200f || within(code, 0x202a, 0x202e);
  return !control && !reorders && !within(code, 0x2066, 0x2069);
}

function isLoneSurrogate(code: number): boolean {
  return within(code, 0xd800, 0xdfff);
}

function within(code: number, from: number, to: number): boolean {
  return code >= from && code <= to;
}
