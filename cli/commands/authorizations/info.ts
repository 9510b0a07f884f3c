import { showAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { printAuthorization } from '../../authorization.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, now, signal }, [authorization = '']) => {
  const token = await (await client()).call(showAuthorization, { params: { authorization } }, signal);
  result(token, () => printAuthorization(terminal, token, now()));
};
