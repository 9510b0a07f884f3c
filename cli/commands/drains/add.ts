import { addLogDrain } from '../../../server/contract/endpoints/drains.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app, result, signal }, [url = '']) => {
  const params = { app: await app() };
  const drain = await (await client()).call(addLogDrain, { params, body: { url } }, signal);
  result(drain, () => terminal.print(`Added drain ${drain.url} (${drain.token})`));
};
