import { listLogDrains } from '../../../server/contract/endpoints/drains.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app, result, signal }) => {
  const all = await (await client()).call(listLogDrains, { params: { app: await app() } }, signal);
  result(all, () => {
    for (const { url, token } of all) terminal.print(`${url} (${token})`);
    if (all.length === 0) terminal.note('This app has no drains.');
  });
};
