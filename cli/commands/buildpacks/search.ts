import { listBuildpacks } from '../../../server/contract/endpoints/options.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, options, signal }, [word = '']) => {
  const all = await (await client()).call(listBuildpacks, {}, signal);
  const [namespaces, names] = [listOf(options.text('namespace')), listOf(options.text('name'))];
  const described = (options.text('description') ?? '').toLowerCase();
  const found = all.filter(
    (one) =>
      `${one.full_name} ${one.description}`.toLowerCase().includes(word.toLowerCase()) &&
      (namespaces?.includes(one.namespace) ?? true) &&
      (names?.includes(one.name) ?? true) &&
      one.description.toLowerCase().includes(described),
  );
  result(found, () => {
    if (found.length === 0) terminal.note(`The platform has no ${word === '' ? 'such buildpack' : `buildpack like ${word}`}.`);
    printTable(
      terminal,
      found.map((one) => [one.full_name, one.description]),
      { whole: [0] },
    );
  });
};

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((one) => one.trim());
}
