import type { Run } from '../../command.ts';
import { shellWord } from '../../shell-word.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, options, result, signal }, [key = '']) => {
  const app = await meant();
  const config = await (await client()).config(app, signal);
  // Own properties only: every object has a `constructor`.
  const value = Object.hasOwn(config, key) ? config[key] : undefined;
  if (value === undefined) throw new CommandError(`${key} is not set for ${app}.`);
  const text = options.flag('shell') ? `${key}=${shellWord(value)}` : value;
  result({ [key]: value }, () => terminal.value(text));
};
