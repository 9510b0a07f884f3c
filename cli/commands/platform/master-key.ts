import { showMasterKey } from '../../../server/contract/endpoints/master-key.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const key = await (await client()).call(showMasterKey, {}, signal);
  result(key, () => {
    const rotating = [
      ['Takes the place of', key.former.join(', ')],
      ['Still to be sealed', String(key.left)],
      ...(key.unreadable > 0 ? [['Cannot be opened', String(key.unreadable)]] : []),
    ];
    printTable(terminal, [['Master key', key.id], ...(key.state === 'rotating' ? rotating : [])], {
      whole: [0, 1],
    });
  });
};
