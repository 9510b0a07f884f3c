import type { KeyResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const api = await client();
  const gone: KeyResource[] = [];
  for (const { id } of await api.keys(signal)) {
    const key = await api.removeKey(id, signal);
    // Each by itself: whoever is interrupted knows how far it came.
    terminal.note(`Removed the key ${key.comment} (${key.fingerprint}); it may push no longer.`);
    gone.push(key);
  }
  if (gone.length === 0) terminal.note('You have no SSH keys here.');
  result(gone, () => undefined);
};
