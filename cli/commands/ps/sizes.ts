import { listDynoSizes } from '../../../server/contract/endpoints/platform.ts';
import { memoryText } from '../../bytes.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const sizes = await (await client()).call(listDynoSizes, {}, signal);
  result(sizes, () => {
    const rows = sizes.map(({ name, memory, compute }) => [name, memoryText(memory), String(compute)]);
    printTable(terminal, rows, { head: ['Size', 'Memory', 'Processors'], whole: [0] });
  });
};
