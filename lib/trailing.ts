/**
 * A text without these signs at its end. Not `replace(/[…]+$/, '')`, which takes time by the square of how many of the
 * signs stand in a row anywhere else.
 */
export function withoutTrailing(text: string, signs: string): string {
  let end = text.length;
  while (end > 0 && signs.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** A sentence without the stop at its end, to be a part of another. */
export function unpunctuated(sentence: string): string {
  return withoutTrailing(sentence, '. \t\r\n');
}
