import { visible } from './visible.ts';

/** Letters that take two columns: Hangul, CJK and their full-width forms; emoji are told by their own property. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
/** What is drawn over the letter before it, or not at all. */
const NOTHING = /^[\p{Mark}\p{Cf}]+$/u;
const PLAIN = /^[\x20-\x7e]*$/;

let segmenter: Intl.Segmenter | undefined;

/** How many columns a text takes on a screen; colours take none. */
export function widthOf(text: string): number {
  const bare = visible(text);
  if (PLAIN.test(bare)) return bare.length;
  return letters(bare).reduce((sum, letter) => sum + widthOfLetter(letter), 0);
}

/** The text in at most `columns` columns; what had to go is told by `…`. Colours of a shortened text are dropped. */
export function shorten(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const letter of letters(visible(text))) {
    used += widthOfLetter(letter);
    if (used > columns) break;
    kept += letter;
  }
  return columns < 1 ? '' : `${kept.trimEnd()}…`;
}

/** Letters as people count them: a flag or a letter with its accents is one. */
function letters(text: string): string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOfLetter(letter: string): number {
  if (WIDE.test(letter)) return 2;
  return NOTHING.test(letter) ? 0 : 1;
}
