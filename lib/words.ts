/** A line whose quotes do not end. */
export class WordsError extends Error {
  constructor(quote: string) {
    super(`A ${quote === '"' ? 'double' : 'single'} quote is opened and never closed.`);
    this.name = 'WordsError';
  }
}

/** A blank, something in quotes, one letter after a backslash, or plain letters. */
const PIECE = /(\s+)|'([^']*)'|"((?:\\["\\$`]|\\(?!["\\$`])|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+|\\$)/y;

/**
 * A command line as the words that a shell would make of it: blanks separate, quotes and backslashes keep together. That
 * is all: nothing is expanded, substituted, redirected or run, and `$`, `*`, `;`, `|`, `<` and `>` are letters like others.
 */
export function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(line);
    if (match === null) throw new WordsError(line.charAt(at));
    const [, blank, single, double, escaped, plain] = match;
    if (blank === undefined) {
      word = `${word ?? ''}${single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? ''}`;
    } else {
      if (word !== undefined) found.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) found.push(word);
  return found;
}
