import type { Run } from '../../command.ts';
import { shellWord } from '../../../lib/shell-word.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app, result, options, signal }) => {
  const config = await (await client()).config(await app(), signal);
  const names = Object.keys(config).sort();
  result(config, () => {
    if (options.flag('shell')) {
      for (const name of names) terminal.raw(`${name}=${shellWord(config[name] ?? '')}\n`);
      return;
    }
    printTable(
      terminal,
      names.map((name) => [`${name}:`, config[name] ?? '']),
      { whole: [0, 1] },
    );
  });
};
