import { listBuildpacks } from '../../../server/contract/endpoints/options.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }, [word = '']) => {
  const all = await (await client()).call(listBuildpacks, {}, signal);
  const wanted = word.toLowerCase();
  const found = all.filter((one) => `${one.full_name} ${one.description}`.toLowerCase().includes(wanted));
  result(found, () => {
    if (found.length === 0) terminal.note(`The platform has no buildpack like ${word}.`);
    printTable(
      terminal,
      found.map((one) => [one.full_name, one.description]),
      { whole: [0] },
    );
  });
};
