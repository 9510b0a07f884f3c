import type { Run } from '../../command.ts';
import { CommandError, UsageError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, result, signal }, [wanted = '']) => {
  const api = await client();
  const keys = await api.keys(signal);
  const matches = keys.filter((key) => [key.id, key.fingerprint, key.comment].includes(wanted));
  const [key] = matches;
  if (key === undefined) throw new CommandError(`You have no key ${wanted}; see gantry keys.`);
  if (matches.length > 1) {
    throw new UsageError(
      `${matches.length} of your keys are called ${wanted}; name one by its fingerprint (gantry keys).`,
    );
  }
  const gone = await api.removeKey(key.id, signal);
  terminal.note(`Removed the key ${gone.comment}; it may push no longer.`);
  result(gone, () => undefined);
};
