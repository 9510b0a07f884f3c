/** A line whose quotes do not end. */
export class WordsError extends Error {
  constructor(quote: string) {
    super(`A ${quote === '"' ? 'double' : 'single'} quote is opened and never closed.`);
    this.name = 'WordsError';
  }
}

/** A blank, something in quotes, one letter after a backslash, or plain letters. */
const PIECE = /(\s+)|'([^']*)'|"((?:\\["\\$`]|\\(?!["\\$`])|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+|\\$)/y;

/** A word, and from where to where in the line it was written. */
export interface PlacedWord {
  readonly word: string;
  readonly from: number;
  readonly to: number;
}

/**
 * A command line as the words that a shell would make of it: blanks separate, quotes and backslashes keep together. That
 * is all: nothing is expanded, substituted, redirected or run, and `$`, `*`, `;`, `|`, `<` and `>` are letters like others.
 */
export function words(line: string): string[] {
  return placedWords(line).map(({ word }) => word);
}

/** The same words, with their places. */
export function placedWords(line: string): PlacedWord[] {
  const found: PlacedWord[] = [];
  let open: PlacedWord | undefined;
  for (let at = 0; at < line.length; at = PIECE.lastIndex) {
    const letters = lettersAt(line, at);
    if (letters !== undefined) {
      open = { word: `${open?.word ?? ''}${letters}`, from: open?.from ?? at, to: PIECE.lastIndex };
    } else if (open !== undefined) {
      found.push(open);
      open = undefined;
    }
  }
  return open === undefined ? found : [...found, open];
}

/** What the piece here means; undefined for a blank. `PIECE.lastIndex` is then where the next one begins. */
function lettersAt(line: string, at: number): string | undefined {
  PIECE.lastIndex = at;
  const match = PIECE.exec(line);
  if (match === null) throw new WordsError(line.charAt(at));
  const [, blank, single, double, escaped, plain] = match;
  if (blank !== undefined) return undefined;
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '';
}
