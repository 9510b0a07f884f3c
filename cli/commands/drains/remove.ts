import { removeLogDrain } from '../../../server/contract/endpoints/drains.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app, result, signal }, [which = '']) => {
  const params = { app: await app(), drain: which };
  const drain = await (await client()).call(removeLogDrain, { params }, signal);
  result(drain, () => terminal.print(`Removed drain ${drain.url}`));
};
