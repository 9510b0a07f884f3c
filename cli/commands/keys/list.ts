import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, options, result, signal }) => {
  const keys = await (await client()).keys(signal);
  result(keys, () => {
    if (keys.length === 0) terminal.note('You have no SSH keys here. Add yours: gantry keys:add');
    if (options.flag('long')) {
      for (const { public_key: key } of keys) terminal.print(key);
      return;
    }
    const rows = keys.map((key) => [key.fingerprint, key.public_key.split(' ', 1)[0] ?? '', key.comment]);
    printTable(terminal, rows);
  });
};
