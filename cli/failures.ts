/** Exit codes, as the help tells them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command was called in a way it cannot be: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The command has said all there is to say; only its exit code, which another program chose, is left. */
export class ExitCode extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.name = 'ExitCode';
    this.code = code;
  }
}

/** The user has left at a question, by a key: exit code 130, and nothing to say that they do not know. */
export class Interrupted extends ExitCode {
  constructor() {
    super(EXIT.interrupted);
    this.name = 'Interrupted';
  }
}

/** What was asked for did not come out as wanted, and the sentence says why: exit code 1. */
export class CommandError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CommandError';
  }
}
