import { rotateAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { printAuthorization } from '../../authorization.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, now, signal }, [authorization = '']) => {
  const token = await (await client()).call(rotateAuthorization, { params: { authorization } }, signal);
  result(token, () => {
    terminal.note('The old secret opens nothing any more; the new one is shown this once.');
    printAuthorization(terminal, token, now());
  });
};
