import type { Run } from '../../command.ts';
import { envFile } from '../../env-file.ts';
import { UsageError } from '../../failures.ts';
import { quotedWord } from '../../../lib/shell-word.ts';

type Config = Readonly<Record<string, string>>;

/** The ways to write config vars, by what Dokku calls them. */
const FORMATS: Readonly<Record<string, (config: Config) => string>> = {
  exports: (config) => lines(config, (pair) => `export ${pair}\n`),
  envfile: envFile,
  shell: (config) => `${lines(config, (pair) => `${pair} `).trimEnd()}\n`,
  json: (config) => `${JSON.stringify(config, null, 2)}\n`,
};

export const run: Run = async ({ terminal, client, app, result, options, signal }) => {
  const format = options.text('format') ?? 'exports';
  const write = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (write === undefined)
    throw new UsageError(`There is no format ${format}; there are ${Object.keys(FORMATS).join(', ')}.`);
  const config = await (await client()).config(await app(), signal);
  result(config, () => terminal.raw(write(config)));
};

/** Each as one word of a shell, whatever is in it, in the order of their names. */
function lines(config: Config, line: (pair: string) => string): string {
  return Object.keys(config)
    .sort()
    .map((name) => line(`${name}=${quotedWord(config[name] ?? '')}`))
    .join('');
}
