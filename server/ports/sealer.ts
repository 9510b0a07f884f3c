/**
 * Keeps values unreadable wherever they are stored. What is sealed belongs to a context (the ids of what it is part of)
 * and opens only there, so that a stolen row says nothing and a moved one does not open.
 */
export interface Sealer {
  seal(value: string, context: string): Uint8Array<ArrayBuffer>;
  /** Throws `config_unreadable` for anything that was not sealed for this context with a key we have. */
  open(sealed: Uint8Array, context: string): string;
}
