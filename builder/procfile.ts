/** Names that mean something to JavaScript objects; a process type of that name is ignored like any unknown line. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);
const DECLARATION = /^([A-Za-z0-9_-]{1,63}):[ \t]*(\S.*)$/;

/**
 * The process types that a Procfile declares, in its order: lines `type: command`.
 *
 * Anything else is ignored, as everywhere else where Procfiles are read: comments, blank lines, unknown lines.
 * Takes CRLF and a byte order mark. A type that is declared twice keeps its first place and its last command.
 */
export function parseProcfile(text: string): Map<string, string> {
  const types = new Map<string, string>();
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const found = DECLARATION.exec(raw);
    const [, type, command] = found ?? [];
    if (type === undefined || command === undefined || RESERVED.has(type)) continue;
    // A NUL cannot be handed to a process; the line could never start.
    if (command.includes('\0')) continue;
    types.set(type, command.trimEnd());
  }
  return types;
}
