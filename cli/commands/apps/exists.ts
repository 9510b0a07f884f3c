import type { Run } from '../../command.ts';

/** Says nothing: a script asks, and the exit code is the answer. */
export const run: Run = async ({ client, app, result, signal }, [name]) => {
  const found = await (await client()).app(name ?? (await app()), signal);
  result(found, () => undefined);
};
