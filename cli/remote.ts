import { fromDokku } from './dokku.ts';
import { runCli } from './program.ts';
import { createTerminal } from './terminal.ts';

/** One call of the command line by somebody who has only a screen here: no files, no environment, no machine. */
export interface RemoteCall {
  readonly words: readonly string[];
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
  };
  readonly signal: AbortSignal;
}

/** Nothing of this is the caller's, and nothing of the server's is theirs. */
const NOWHERE = '/nonexistent';

/** Runs it and answers its exit code; rejects only for a bug, which is not for the caller to see. */
export async function runRemote({ words, dokku, url, token, screen, signal }: RemoteCall): Promise<number> {
  const { output, errors, input, term } = screen;
  const terminal = createTerminal(output, errors, input, { TERM: term ?? 'dumb' });
  const refuse = (): Promise<never> => Promise.reject(new Error('no program runs for a caller over SSH'));
  return await runCli(dokku ? fromDokku(words) : words, {
    terminal,
    env: { HOME: NOWHERE, GANTRY_HOME: NOWHERE, GANTRY_API_URL: url, GANTRY_API_KEY: token },
    cwd: NOWHERE,
    signal,
    now: () => new Date(),
    local: false,
    launch: refuse,
    attach: refuse,
  });
}
