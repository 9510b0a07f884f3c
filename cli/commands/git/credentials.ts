import type { Run } from '../../command.ts';
import { findCredentials } from '../../credentials.ts';
import { isAbout, readQuestion } from '../../git-credentials.ts';
import { gitHostOf } from '../../git-host.ts';

const LONGEST = 64 * 1024;

/** Git runs it, see gitcredentials(7): what it does not know it leaves to others by saying nothing. */
export const run: Run = async ({ terminal, config }, [action]) => {
  const question = readQuestion(await terminal.input(LONGEST));
  const { url, token } = await findCredentials(config);
  // Over HTTPS the same server is at another port.
  const places = [url, `https://${gitHostOf(config, url)}`];
  if (!places.some((place) => isAbout(question, place))) return;
  if (action === 'get') terminal.raw(`username=gantry\npassword=${token}\n`);
  if (action === 'erase') terminal.note(`${url} did not take the token; run gantry login.`);
};
