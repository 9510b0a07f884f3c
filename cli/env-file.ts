import { UsageError } from './failures.ts';
import { shellWord } from '../lib/shell-word.ts';

/** Quoted text, a letter after a backslash, a line end, or plain letters. */
const PIECE = /'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\([\s\S])|(\n)|([^\n'"\\]+|\\$)/y;
const NAME = /(?:export[ \t]+)?([^\s=#'"]+)[ \t]*=/y;
/** Blank lines, and lines that say nothing. */
const NOTHING = /(?:\s+|#.*)*/y;

/** Config vars as lines that a person edits and a shell can read, in the order of their names. */
export function envFile(config: Readonly<Record<string, string>>): string {
  return Object.keys(config)
    .sort()
    .map((name) => `${name}=${shellWord(config[name] ?? '')}\n`)
    .join('');
}

/**
 * What such lines say. Quotes and backslashes mean what they do in a shell, but that `\n` in double quotes is a line end;
 * a value without quotes goes on to the end of its line. Throws UsageError with the number of the line that says nothing.
 */
export function readEnvFile(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const fail = (at: number, problem: string): never => {
    throw new UsageError(`Line ${text.slice(0, at).split('\n').length} ${problem}.`);
  };
  for (let at = skip(text, 0); at < text.length; at = skip(text, at)) {
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[1];
    if (name === undefined) return fail(at, 'is not of the form KEY=value');
    if (found.has(name)) return fail(at, `gives ${name} a second value`);
    const value = valueAt(text, NAME.lastIndex);
    if (value === undefined) return fail(at, `opens a quote for ${name} that is never closed`);
    found.set(name, value.text);
    at = value.end;
  }
  return found;
}

function skip(text: string, at: number): number {
  NOTHING.lastIndex = at;
  NOTHING.exec(text);
  return NOTHING.lastIndex;
}

/** The value that begins here, and where its line ends; undefined where a quote does not end. */
function valueAt(text: string, from: number): { readonly text: string; readonly end: number } | undefined {
  const parts: { readonly text: string; readonly plain: boolean }[] = [];
  for (let at = from; at < text.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (match === null) return undefined;
    const [, single, double, escaped, end, plain] = match;
    if (end !== undefined) return { text: joined(parts), end: PIECE.lastIndex };
    parts.push(
      plain === undefined
        ? { text: single ?? escaped ?? unescaped(double ?? ''), plain: false }
        : { text: plain, plain: true },
    );
  }
  return { text: joined(parts), end: text.length };
}

/** Blanks around a value are its own only inside quotes; at the end of a line they may be the `\r` of another system. */
function joined(parts: readonly { readonly text: string; readonly plain: boolean }[]): string {
  return parts
    .map(({ text, plain }, i) => {
      if (!plain) return text;
      const begun = i === 0 ? text.trimStart() : text;
      return i === parts.length - 1 ? begun.trimEnd() : begun;
    })
    .join('');
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (both, letter: string) => {
    if (letter === 'n') return '\n';
    return '"\\$`!'.includes(letter) ? letter : both;
  });
}
