import { withoutTrailing } from '../lib/trailing.ts';

/** One instruction of a Dockerfile, with its continuation lines joined. */
export interface Instruction {
  /** Line of the file where it starts, from 1. */
  readonly line: number;
  /** In capitals. */
  readonly name: string;
  /** Leading `--flag=value` words, unquoted as BuildKit unquotes them. */
  readonly flags: readonly string[];
  readonly rest: string;
}

/** A parser directive in the leading comments (`# syntax=…`, `# escape=…`). */
interface Directive {
  readonly line: number;
  readonly name: string;
  readonly value: string;
}

export interface Dockerfile {
  readonly directives: readonly Directive[];
  readonly instructions: readonly Instruction[];
}

/**
 * Reads a Dockerfile the way BuildKit's own front end does: byte order mark, directives, `escape`, comments inside
 * continuations. `doubled` says whether a doubled escape at the end of a line continues it: older engines say yes,
 * newer ones no, so whoever must not miss a word reads it both ways.
 */
export function parseDockerfile(text: string, options: { readonly doubled: boolean }): Dockerfile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const directives = readDirectives(lines);
  const escape = directives.find((directive) => directive.name === 'escape')?.value === '`' ? '`' : '\\';
  const instructions: Instruction[] = [];
  let pending = '';
  let start = 0;
  lines.forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return; // comments and empty lines do not end a continuation
    if (pending === '') start = index + 1;
    const continued = continuation(line, escape, options.doubled);
    pending += continued ?? line;
    if (continued !== null && index < lines.length - 1) return;
    instructions.push(readInstruction(pending, start, escape));
    pending = '';
  });
  if (pending.trim() !== '') instructions.push(readInstruction(pending, start, escape));
  return { directives, instructions };
}

/**
 * More than BuildKit takes: every directive-like line above the first instruction, in all comment styles that any
 * version knows. Too many is safe here, one too few is not.
 */
function readDirectives(lines: readonly string[]): Directive[] {
  const found: Directive[] = [];
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#!')) continue;
    const [, name, value] = /^(?:#|\/\/)\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S[\s\S]*)$/.exec(trimmed) ?? [];
    if (name !== undefined && value !== undefined)
      found.push({ line: index + 1, name: name.toLowerCase(), value });
    else if (!/^(?:#|\/\/)/.test(trimmed)) break;
  }
  return found;
}

function continuation(line: string, escape: string, doubled: boolean): string | null {
  const bare = withoutTrailing(line, ' \t');
  if (!bare.endsWith(escape)) return null;
  if (!doubled && bare.endsWith(escape + escape)) return null;
  return bare.slice(0, -1);
}

function readInstruction(text: string, line: number, escape: string): Instruction {
  const whole = text.trimStart();
  const [word = ''] = /^\S+/.exec(whole) ?? [];
  const { flags, rest } = readFlags(whole.slice(word.length).trimStart(), escape);
  return { line, name: word.toUpperCase(), flags, rest };
}

/** Quotes and escapes vanish from flags, so that `--fr"om"=x` is `--from=x`. */
function readFlags(text: string, escape: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
    const { word, end } = readWord(text, at, escape);
    if (!word.startsWith('--') || word === '--') return { flags, rest: text.slice(at).trim() };
    flags.push(word);
    at = end;
  }
}

function readWord(text: string, start: number, escape: string): { word: string; end: number } {
  let word = '';
  let quote = '';
  let at = start;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === '' && /\s/.test(char)) break;
    if (char === escape && at + 1 < text.length) {
      at += 1;
      word += text.charAt(at);
    } else if (quote === '' && /["']/.test(char)) quote = char;
    else if (char === quote) quote = '';
    else word += char;
  }
  return { word, end: at };
}
