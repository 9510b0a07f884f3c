import { widthOf } from './width.ts';

/** Narrower than this a column of text cannot be read any more; it then begins on a line of its own. */
const NARROWEST = 24;
const INDENT = '  ';

/** The words of a text in lines of at most this width; a word that is longer has a line for itself. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Names, each with a text beside it, or below where there is no room beside. */
export function wrappedPairs(
  pairs: readonly (readonly [name: string, text: string])[],
  width: number,
): readonly string[] {
  const longest = Math.max(0, ...pairs.map(([name]) => widthOf(name)));
  const column = INDENT.length + longest + INDENT.length;
  if (width - column < NARROWEST)
    return pairs.flatMap(([name, text]) => [
      `${INDENT}${name}`,
      ...wrapped(text, width - 2 * INDENT.length).map((line) => `${INDENT}${INDENT}${line}`),
    ]);
  return pairs.flatMap(([name, text]) =>
    wrapped(text, width - column).map((line, at) =>
      at === 0 ? `${INDENT}${name.padEnd(longest)}${INDENT}${line}` : `${' '.repeat(column)}${line}`,
    ),
  );
}
