import { showFeature } from '../../../server/contract/endpoints/options.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }, [feature = '']) => {
  const params = { app: await meant(), feature };
  const found = await (await client()).call(showFeature, { params }, signal);
  result(found, () =>
    printTable(terminal, [
      ['Feature', found.name],
      ['Enabled', String(found.enabled)],
      ['About', found.description],
    ]),
  );
};
