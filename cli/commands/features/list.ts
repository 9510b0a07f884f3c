import { listFeatures } from '../../../server/contract/endpoints/options.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const features = await (await client()).call(listFeatures, { params: { app: await meant() } }, signal);
  result(features, () =>
    printTable(
      terminal,
      features.map((one) => [one.enabled ? '[+]' : '[ ]', one.name, one.description]),
      { whole: [0, 1] },
    ),
  );
};
