import type { Run } from '../../command.ts';
import { valueOf } from '../../change-config.ts';
import { shellWord } from '../../../lib/shell-word.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, options, result, signal }, keys) => {
  const app = await meant();
  const config = await (await client()).config(app, signal);
  const asked = [...new Set(keys)].map((key) => ({ key, value: valueOf(config, key) }));
  const found = asked.flatMap(({ key, value }) => (value === null ? [] : [[key, value] as const]));
  const missing = asked.flatMap(({ key, value }) => (value === null ? [key] : []));
  if (found.length > 0)
    result(Object.fromEntries(found), () => {
      if (options.flag('shell'))
        for (const [key, value] of found) terminal.value(`${key}=${shellWord(value)}`);
      // Whoever reads lines by their number must not read the wrong ones: what is not set has its line, too.
      else for (const { value } of asked) terminal.value(value ?? '');
    });
  if (missing.length > 0) {
    const are = missing.length === 1 ? 'is' : 'are';
    throw new CommandError(`${missing.join(', ')} ${are} not set for ${app}.`);
  }
};
