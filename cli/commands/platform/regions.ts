import { listRegions } from '../../../server/contract/endpoints/platform.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const regions = await (await client()).call(listRegions, {}, signal);
  result(regions, () => {
    const rows = regions.map(({ name, description, provider }) => [name, description, provider.name]);
    printTable(terminal, rows, { head: ['Region', 'Where', 'Provider'], whole: [0] });
  });
};
