import { placedWords, type PlacedWord } from '../lib/words.ts';
import { CATALOGUE } from './catalogue.ts';
import { fromDokku } from './dokku.ts';
import { appFirst, splitOwn } from './pass-through.ts';
import { find } from './topic-help.ts';

/**
 * A command line that came over SSH as the words of a command. Where it calls another program, that program's part stays
 * as it was typed, for the shell that runs it there: `run -a hello ls; exit 3` is to exit with 3. Throws WordsError.
 */
export function readLine(line: string, dokku: boolean): readonly string[] {
  const placed = placedWords(line);
  const typed = placed.map(({ word }) => word);
  const [name = '', ...args] = dokku ? fromDokku(typed) : typed;
  const spec = find(name, CATALOGUE);
  if (!spec?.passThrough) return name === '' ? args : [name, ...args];
  const { own, rest } = splitOwn(spec, dokku ? args : appFirst(spec, args));
  const before = [name, ...own, ...(rest[0] === '--' ? rest.slice(0, 1) : [])];
  const words = rest.slice(rest[0] === '--' ? 1 : 0);
  const named = spec.args?.startsWith('[process]') ? 1 : 0;
  const program = words.slice(named);
  // One word is a line already: somebody has quoted it for this.
  if (program.length <= 1) return [...before, ...words];
  return [...before, ...words.slice(0, named), asTyped(line, placed, program)];
}

/** The part of the line in which these words stand, the last one if there are several. */
function asTyped(line: string, placed: readonly PlacedWord[], words: readonly string[]): string {
  for (let at = placed.length - words.length; at >= 0; at -= 1) {
    const found = placed.slice(at, at + words.length);
    const [first, last] = [found[0], found.at(-1)];
    if (first !== undefined && last !== undefined && found.every(({ word }, index) => word === words[index]))
      return line.slice(first.from, last.to);
  }
  throw new Error('the words of a program are not in its line'); // nothing above makes up words of a program
}
