/** Names that mean something to JavaScript objects; no process type can have one. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);
const DECLARATION = /^([A-Za-z0-9_-]{1,63}):(.*)$/;
/** What is no Procfile at all, like a binary file, is not told line by line. */
const MAX_WARNINGS = 10;
const SHOWN = 60;

/** What a Procfile declares, and what in it is not used. */
export interface Procfile {
  readonly types: ReadonlyMap<string, string>;
  /** One sentence for each line that is ignored or replaced; for the transcript. */
  readonly warnings: readonly string[];
}

/**
 * The process types that a Procfile declares, in its order: lines `type: command`.
 *
 * Anything else is ignored, as everywhere else where Procfiles are read, and told unless it is a comment or blank.
 * Takes CRLF and a byte order mark. A type that is declared twice keeps its first place and its last command.
 */
export function parseProcfile(text: string): Procfile {
  const types = new Map<string, string>();
  const declaredAt = new Map<string, number>();
  const warnings: string[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (/^\s*(?:#.*)?$/.test(raw)) continue;
    const line = index + 1;
    const read = readLine(raw);
    if ('problem' in read) {
      warnings.push(`Procfile line ${line} is ignored: ${read.problem}.`);
      continue;
    }
    const before = declaredAt.get(read.type);
    if (before !== undefined)
      warnings.push(`Procfile line ${line} declares ${read.type} again; line ${before} is ignored.`);
    declaredAt.set(read.type, line);
    types.set(read.type, read.command);
  }
  return { types, warnings: shortened(warnings) };
}

function readLine(raw: string): { type: string; command: string } | { problem: string } {
  const [, type, rest = ''] = DECLARATION.exec(raw) ?? [];
  const command = rest.replace(/^[ \t]+/, '').trimEnd();
  if (type === undefined) return { problem: `${shown(raw)} is not of the form "type: command"` };
  if (RESERVED.has(type)) return { problem: `${type} cannot be the name of a process type` };
  if (command === '') return { problem: `${type} has no command` };
  // A NUL cannot be handed to a process; the line could never start.
  if (command.includes('\0')) return { problem: `the command of ${type} holds a NUL character` };
  return { type, command };
}

/** A stranger's line as part of a sentence. */
function shown(raw: string): string {
  const clean = raw.trim().replace(/[\p{C}\uFFFD]/gu, '?');
  return `"${clean.length > SHOWN ? `${clean.slice(0, SHOWN - 1)}…` : clean}"`;
}

function shortened(warnings: readonly string[]): readonly string[] {
  const more = warnings.length - MAX_WARNINGS;
  if (more <= 1) return warnings;
  return [
    ...warnings.slice(0, MAX_WARNINGS),
    `${more} more lines of the Procfile are ignored; each line must be of the form "type: command".`,
  ];
}
