/** One command for the runtime socket, and what its answer looks like when it worked. */
export interface Command {
  readonly line: string;
  readonly expect: RegExp;
  /** Lines that follow the command; none of them empty. */
  readonly payload?: string;
  /** On a connection of its own, as payloads need it; its answer may then have empty lines in it. */
  readonly alone?: true;
}
