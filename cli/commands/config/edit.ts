import type { Context, Run } from '../../command.ts';
import { changeConfig, valueOf } from '../../change-config.ts';
import { isYes } from '../../confirm.ts';
import { editText } from '../../edit-text.ts';
import { envFile, readEnvFile } from '../../env-file.ts';
import { CommandError, UsageError } from '../../failures.ts';
import { shellWord } from '../../../lib/shell-word.ts';

type Config = Readonly<Record<string, string>>;
type Change = ReadonlyMap<string, string | null>;

export const run: Run = async (context, [key]) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const before = await client.config(app, signal);
  const change =
    key === undefined ? await editAll(context, app, before) : await editOne(context, key, before);
  for (const line of difference(context, before, change)) terminal.note(line);
  if (change.size === 0 || !(await agreed(context, app))) {
    terminal.note(`Nothing was changed for ${app}.`);
    result(before, () => undefined);
    return;
  }
  const now = await client.config(app, signal);
  const taken = [...change.keys()].filter((name) => valueOf(now, name) !== valueOf(before, name));
  if (taken.length > 0)
    throw new CommandError(
      `Somebody else has changed ${taken.join(', ')} of ${app} meanwhile, so nothing was done; edit it again.`,
    );
  await changeConfig(context, change);
};

/** Asks again where somebody sits: what was typed is not to be lost to one wrong line. */
async function editAll(context: Context, app: string, before: Config): Promise<Change> {
  const head = `# Config vars of ${app}: KEY=value, with quotes as in a shell. Without its line one is removed.\n`;
  for (let text = head + envFile(before); ;) {
    text = await editText(context, 'config.env', text);
    try {
      return changeTo(before, readEnvFile(text));
    } catch (err) {
      if (!(err instanceof UsageError)) throw err;
      const answer = await context.terminal.question(`${err.message} Edit again? [Y/n] `, context.signal);
      if (answer === undefined || !isYes(answer))
        throw new CommandError(`${err.message} Nothing was changed for ${app}.`, err);
    }
  }
}

/** The value alone. The line end that editors put at the end of a file is not part of it. */
async function editOne(context: Context, key: string, before: Config): Promise<Change> {
  const value = valueOf(before, key);
  const shown = value === null || value.endsWith('\n') ? (value ?? '') : `${value}\n`;
  const text = await editText(context, 'value.txt', shown);
  const edited = value?.endsWith('\n') === true ? text : text.replace(/\r?\n$/, '');
  return new Map(edited === (value ?? '') ? [] : [[key, edited]]);
}

function changeTo(before: Config, after: ReadonlyMap<string, string>): Change {
  const removed = Object.keys(before).filter((name) => !after.has(name));
  const set = [...after].filter(([name, value]) => valueOf(before, name) !== value);
  return new Map<string, string | null>([...removed.map((name) => [name, null] as const), ...set]);
}

function difference({ terminal }: Context, before: Config, change: Change): readonly string[] {
  return [...change.keys()].sort().flatMap((name) => {
    const [old, value] = [valueOf(before, name), change.get(name) ?? null];
    return [
      ...(old === null ? [] : [terminal.paint('red', `- ${name}=${shellWord(old)}`)]),
      ...(value === null ? [] : [terminal.paint('green', `+ ${name}=${shellWord(value)}`)]),
    ];
  });
}

/** Where nobody sits who could be asked, to have edited is to mean it. */
async function agreed({ terminal, options, signal }: Context, app: string): Promise<boolean> {
  if (options.flag('yes')) return true;
  const answer = await terminal.question(`Change this for ${app}? [Y/n] `, signal);
  return answer === undefined || isYes(answer);
}
