import { endSession } from '../../../server/contract/endpoints/oauth.ts';
import { createClient } from '../../../server/contract/client.ts';
import { ApiError, UnreachableError, type Ask } from '../../../server/contract/transport.ts';
import { createAsk } from '../../ask.ts';
import type { Run } from '../../command.ts';
import { forgetCredentials, readCredentials, type Credentials } from '../../credentials.ts';
import { VERSION } from '../../version.ts';

export const run: Run = async ({ terminal, config, result, signal }) => {
  const kept = await readCredentials(config.credentialsFile);
  // First, because a login that is forgotten here and lives on there is out of everybody's hands.
  const revoked =
    kept !== undefined && (await revoke(kept, createAsk(config), (line) => terminal.note(line), signal));
  const forgotten = await forgetCredentials(config.credentialsFile);
  terminal.note(forgotten ? 'Logged out.' : 'You were not logged in.');
  if (config.apiKey !== undefined) terminal.note('GANTRY_API_KEY is still set, and is used.');
  result({ forgotten, revoked }, () => undefined);
};

/** Ends the session on the server; a token that is none was not made by a login, and may be in use elsewhere. */
async function revoke(
  { url, token }: Credentials,
  ask: Ask,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const api = createClient({ url, token, ask, userAgent: `gantry/${VERSION}`, timeoutMs: 10_000 });
  try {
    await api.call(endSession, { params: { session: '~' } }, signal);
    return true;
  } catch (err) {
    if (err instanceof ApiError) {
      if (err.status !== 401)
        note('The token was not made by a login, so it stays valid; see gantry authorizations.');
      return false;
    }
    if (!(err instanceof UnreachableError)) throw err;
    note(`${url} does not answer, so the session there goes on; end it with gantry sessions:destroy.`);
    return false;
  }
}
