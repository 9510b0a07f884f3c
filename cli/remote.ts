import { WordsError } from '../lib/words.ts';
import { EXIT } from './failures.ts';
import { runCli } from './program.ts';
import { readLine } from './remote-line.ts';
import type { System } from './system.ts';
import { createTerminal } from './terminal.ts';

/** One call of the command line by somebody who has only a screen here: no files, no environment, no machine. */
export interface RemoteCall {
  /** As it was typed. */
  readonly line: string;
  /** Said as to Dokku: `--app` before the command, or the app as its first argument. */
  readonly dokku: boolean;
  /** The API, and what opens it for this caller. */
  readonly url: string;
  readonly token: string;
  readonly screen: {
    readonly output: Parameters<typeof createTerminal>[0];
    readonly errors: Parameters<typeof createTerminal>[1];
    readonly input: Parameters<typeof createTerminal>[2];
    readonly term: string | undefined;
    readonly ends: NonNullable<System['ends']>;
  };
  readonly signal: AbortSignal;
}

/** Nothing of this is the caller's, and nothing of the server's is theirs. */
const NOWHERE = '/nonexistent';

/** Runs it and answers its exit code; rejects only for a bug, which is not for the caller to see. */
export async function runRemote({ line, dokku, url, token, screen, signal }: RemoteCall): Promise<number> {
  const { output, errors, input, term, ends } = screen;
  const terminal = createTerminal(output, errors, input, { TERM: term ?? 'dumb' });
  const refuse = (): Promise<never> => Promise.reject(new Error('no program runs for a caller over SSH'));
  const words = wordsOf(line, dokku);
  if (typeof words === 'string') {
    terminal.note(`Error: ${words}`);
    return EXIT.usage;
  }
  return await runCli(words, {
    terminal,
    env: {
      ...{ HOME: NOWHERE, GANTRY_HOME: NOWHERE, GANTRY_API_URL: url, GANTRY_API_KEY: token },
      ...(term !== undefined && { TERM: term }),
    },
    cwd: NOWHERE,
    signal,
    now: () => new Date(),
    local: false,
    launch: refuse,
    attach: refuse,
    ends,
  });
}

/** The words of a line, or why there are none. */
function wordsOf(line: string, dokku: boolean): readonly string[] | string {
  try {
    return readLine(line, dokku);
  } catch (err) {
    if (err instanceof WordsError) return err.message;
    throw err;
  }
}
