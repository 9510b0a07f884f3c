import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, app, result, options, signal }) => {
  const config = await (await client()).config(await app(), signal);
  const names = Object.keys(config).sort();
  result(config, () => {
    if (options.flag('shell')) {
      for (const name of names) terminal.raw(`${name}=${quoted(config[name] ?? '')}\n`);
      return;
    }
    printTable(
      terminal,
      names.map((name) => [`${name}:`, config[name] ?? '']),
      { whole: [0, 1] },
    );
  });
};

/** As one word of a POSIX shell. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
