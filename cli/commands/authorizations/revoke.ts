import { revokeAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }, [authorization = '']) => {
  const token = await (await client()).call(revokeAuthorization, { params: { authorization } }, signal);
  terminal.note(`Revoked ${token.description}.`);
  result(token, () => undefined);
};
