import { createInterface } from 'node:readline/promises';
import { isSystemError } from '../lib/errors.ts';

/** Where the supervisor's commands speak to a person. */
export interface Terminal {
  say(line: string): void;
  /** A question that only `yes` answers with true; without a person at the terminal nobody says yes. */
  confirm(question: string): Promise<boolean>;
}

export function createTerminal(): Terminal {
  // Who reads no further (`script/server --detach | head -1`) has not asked for an end of the work.
  process.stdout.on('error', (err) => {
    if (!isSystemError(err, 'EPIPE')) throw err;
  });
  return {
    say: (line) => void process.stdout.write(`${line}\n`),
    async confirm(question) {
      if (!process.stdin.isTTY) return false;
      const lines = createInterface({ input: process.stdin, output: process.stdout });
      try {
        return (await lines.question(`${question} Type yes to go on: `)).trim() === 'yes';
      } finally {
        lines.close();
      }
    },
  };
}
