import type { Run } from '../../command.ts';
import { forgetCredentials } from '../../credentials.ts';

export const run: Run = async ({ terminal, config, result }) => {
  const forgotten = await forgetCredentials(config.credentialsFile);
  terminal.note(forgotten ? 'Logged out.' : 'You were not logged in.');
  if (config.apiKey !== undefined) terminal.note('GANTRY_API_KEY is still set, and is used.');
  result({ forgotten }, () => undefined);
};
