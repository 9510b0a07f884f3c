import { listRegions } from '../../../server/contract/endpoints/platform.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, options, signal }) => {
  const [common, only] = [options.flag('common'), options.flag('private')];
  if (common && only) throw new UsageError('--common and --private exclude each other; give one of them.');
  const all = await (await client()).call(listRegions, {}, signal);
  const regions = common || only ? all.filter((one) => one.private_capable === only) : all;
  result(regions, () => {
    if (regions.length === 0) terminal.note('There is no such region here.');
    const rows = regions.map(({ name, description, provider }) => [name, description, provider.name]);
    printTable(terminal, rows, { head: ['Region', 'Where', 'Provider'], whole: [0] });
  });
};
