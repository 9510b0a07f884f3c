import { changeFormation } from '../../../server/contract/endpoints/formation.ts';
import { listDynoSizes } from '../../../server/contract/endpoints/platform.ts';
import type { FormationResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { memoryText } from '../../bytes.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context, words) => {
  const { terminal, client, result, signal } = context;
  const app = await context.app();
  const api = await client();
  const before = await api.formation(app, signal);
  const updates = updatesOf(words, before);
  const formation =
    updates.length === 0
      ? before
      : await api.call(changeFormation, { params: { app }, body: { updates } }, signal);
  const sizes = context.options.flag('json') ? [] : await api.call(listDynoSizes, {}, signal);
  result(formation, () => {
    if (formation.length === 0)
      terminal.note(`Nothing is deployed to ${app} yet. Deploy with: git push gantry main`);
    const rows = formation.map(({ type, size, quantity }) => {
      const about = sizes.find(({ name }) => name === size);
      return [
        type,
        size,
        String(quantity),
        ...(about === undefined ? [] : [memoryText(about.memory), String(about.compute)]),
      ];
    });
    printTable(terminal, rows, { head: ['Type', 'Size', 'Count', 'Memory', 'Processors'], whole: [0] });
  });
};

/** `web=small worker=small`, or one size for all types. */
function updatesOf(
  words: readonly string[],
  formation: readonly FormationResource[],
): { readonly type: string; readonly size: string }[] {
  const [only] = words;
  if (only !== undefined && words.length === 1 && !only.includes('='))
    return formation.map(({ type }) => ({ type, size: only }));
  return words.map((word) => {
    const [, type, size] = /^([\w-]+)=([\w.-]+)$/.exec(word) ?? [];
    if (type !== undefined && size !== undefined) return { type, size };
    throw new UsageError(`${word} is not a change such as web=small.`);
  });
}
