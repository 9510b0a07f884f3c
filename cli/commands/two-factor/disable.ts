import { disableTwoFactor } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const api = await client();
  const code = await terminal.secret('Code of the app, or a recovery code: ', signal);
  const state = await api.call(disableTwoFactor, { body: { code } }, signal);
  terminal.note('Two-factor authentication is disabled.');
  result(state, () => undefined);
};
