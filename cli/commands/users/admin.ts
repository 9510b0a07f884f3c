import { changeUser } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, options, result, signal }, [user = '']) => {
  const input = { params: { user }, body: { admin: !options.flag('revoke') } };
  const changed = await (await client()).call(changeUser, input, signal);
  terminal.note(
    `${changed.email} is ${changed.admin ? 'an administrator now' : 'no administrator any more'}.`,
  );
  result(changed, () => undefined);
};
