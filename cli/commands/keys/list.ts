import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const keys = await (await client()).keys(signal);
  result(keys, () => {
    if (keys.length === 0) terminal.note('You have no SSH keys here. Add yours: gantry keys:add');
    const rows = keys.map((key) => [key.fingerprint, key.public_key.split(' ', 1)[0] ?? '', key.comment]);
    printTable(terminal, rows);
  });
};
