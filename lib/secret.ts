import { inspect } from 'node:util';

/**
 * A value that must not be seen: every usual way of printing it says `[redacted]`.
 * Only adapters open it, with `reveal()`, at the moment it leaves the process.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
