import { runRemote } from '../cli/remote.ts';
import type { Console } from './ports/console.ts';
import type { SessionTokens } from './services/session-tokens.ts';

/** Runs the platform's commands in this process, as clients of its own API like any other. */
export function createConsole(deps: { readonly tokens: SessionTokens; readonly apiPort: number }): Console {
  return {
    async run({ fingerprint, user }, line, screen, signal) {
      using lent = deps.tokens.lend(fingerprint);
      return await runRemote({
        line,
        dokku: user !== 'git',
        url: `http://127.0.0.1:${deps.apiPort}`,
        token: lent.token.reveal(),
        screen,
        signal,
      });
    },
  };
}
