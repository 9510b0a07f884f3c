import { hides, leftOn } from './sgr.ts';

/**
 * Text from elsewhere (an app's log, a name, a message) made safe to print: a control character could move the cursor,
 * hide text or answer for the user, so it is shown instead of sent. Tabs stay; colours stay only when asked for, conceal
 * nothing, and end with the text.
 */
export function visible(text: string, options: { readonly colours?: boolean } = {}): string {
  const pieces = text.split(SGR);
  const kept = options.colours === true ? pieces.filter((piece, i) => i % 2 === 1 && !hides(piece)) : [];
  const shown = pieces.map((piece, i) => {
    if (i % 2 === 0) return piece.replace(HIDDEN, show);
    return options.colours === true && !hides(piece) ? piece : '';
  });
  return shown.join('') + (leftOn(kept) ? RESET : '');
}

const RESET = '\u001b[0m';
/** Sequences that only choose colours and weights. */
// eslint-disable-next-line no-control-regex -- escape sequences are what this is about
const SGR = /(\u001b\[[\d;:]{0,40}m)/;
/** C0 but for tab, DEL, C1, and what turns the direction of text around or has no width. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const HIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function show(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x0a) return '\\n';
  if (code === 0x0d) return '\\r';
  if (code < 0x20) return String.fromCharCode(0x2400 + code); // Unicode has a picture of each
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
