import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }, [key = '']) => {
  const app = await meant();
  const config = await (await client()).config(app, signal);
  // Own properties only: every object has a `constructor`.
  const value = Object.hasOwn(config, key) ? config[key] : undefined;
  if (value === undefined) throw new CommandError(`${key} is not set for ${app}.`);
  result({ [key]: value }, () => terminal.value(value));
};
