/** A value as one word of a POSIX shell. */
export function shellWord(value: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(value) ? value : quotedWord(value);
}

/** The same, with quotes also where none are needed. */
export function quotedWord(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
