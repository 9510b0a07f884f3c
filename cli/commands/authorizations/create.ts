import { addAuthorization } from '../../../server/contract/endpoints/oauth.ts';
import { parseLifetime, printAuthorization } from '../../authorization.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, options, result, now, signal }) => {
  const [description, scope, lifetime] = [
    options.text('description'),
    options.text('scope'),
    options.text('expiresIn'),
  ];
  const body = {
    ...(description !== undefined && { description }),
    ...(scope !== undefined && { scope: scope.split(',').map((one) => one.trim()) }),
    ...(lifetime !== undefined && { expires_in: parseLifetime(lifetime) }),
  };
  const token = await (await client()).call(addAuthorization, { body }, signal);
  result(token, () => {
    if (options.flag('short')) terminal.print(token.access_token.token);
    else {
      terminal.note('The token is shown this once; keep it where its program finds it, and nowhere else.');
      printAuthorization(terminal, token, now());
    }
  });
};
