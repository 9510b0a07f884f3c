import type { Run } from '../../command.ts';
import { findCredentials } from '../../credentials.ts';

export const run: Run = async ({ terminal, config, result }) => {
  const { url, token } = await findCredentials(config);
  result({ url, token }, () => terminal.print(token));
};
