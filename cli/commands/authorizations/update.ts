import { changeAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { printAuthorization } from '../../authorization.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, options, result, now, signal }, [authorization = '']) => {
  const description = options.text('description');
  if (description === undefined) throw new UsageError('What is it for? Say it with --description.');
  const input = { params: { authorization }, body: { description } };
  const token = await (await client()).call(changeAuthorization, input, signal);
  result(token, () => printAuthorization(terminal, token, now()));
};
