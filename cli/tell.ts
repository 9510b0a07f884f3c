import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import { CommandError, EXIT, ExitCode, UsageError } from './failures.ts';
import type { System } from './system.ts';

type Told = Pick<System, 'terminal' | 'signal' | 'local'>;

/** The one place where the command line turns an error into words and an exit code. */
export function tell(err: unknown, { terminal, signal, local }: Told): number {
  if (err instanceof ExitCode) return err.code;
  if (signal.aborted) return EXIT.interrupted;
  if (err instanceof UsageError) {
    terminal.note(`Error: ${err.message}`);
    return EXIT.usage;
  }
  const sentence = sentenceOf(err);
  // A bug, or the machine's refusal (a file that cannot be written): whoever reads this can do more with the whole of it,
  // but for somebody else's machine, whose inside is not for them to see.
  if (sentence === undefined && !local) throw err;
  terminal.note(`Error: ${sentence ?? (err instanceof Error ? (err.stack ?? err.message) : String(err))}`);
  return EXIT.failed;
}

function sentenceOf(err: unknown): string | undefined {
  if (err instanceof ApiError)
    return err.status >= 500 ? `${err.message} (request ${err.requestId})` : err.message;
  if (err instanceof UnreachableError) {
    return `${err.message}. Start it with script/server on its machine, or say with GANTRY_API_URL or gantry login where it is.`;
  }
  if (err instanceof CommandError) return err.message;
  return undefined;
}
