import type { MadeRelease } from '../server/contract/client.ts';
import type { Context } from './command.ts';
import { followRelease, patiently, waits } from './follow.ts';
import { table } from './table.ts';

/** Sets (a string) and removes (null) config vars, stays until the new release is live, and prints the values set. */
export async function changeConfig(
  context: Context,
  change: ReadonlyMap<string, string | null>,
): Promise<void> {
  const { terminal, result, options, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const before = await client.config(app, signal);
  const idle = [...change].filter(([name, value]) => valueOf(before, name) === value).map(([name]) => name);
  const answer = await patiently(context, () => client.changeConfig(app, Object.fromEntries(change), signal));
  const changed = [...change.keys()].filter((name) => !idle.includes(name));
  if (answer.release !== null) {
    // All of them, if somebody has just changed what was there.
    const names = changed.length === 0 ? [...change.keys()] : changed;
    terminal.note(`Changed ${names.join(', ')} for ${app}: v${answer.release.version}.`);
    if (options.declined('restart')) await tellOfRestart(context, answer.release);
  }
  for (const name of answer.release === null ? change.keys() : idle)
    terminal.note(
      change.get(name) === null
        ? `Nothing to remove: ${name} is not set for ${app}.`
        : `Nothing changed: ${name} has this value for ${app} already.`,
    );
  if (answer.release !== null && waits(context)) {
    const release = await followRelease(context, answer.release);
    if (release.slug !== null) terminal.note(`v${release.version} is live.`);
  }
  result(answer.config, () => {
    const set = [...change].filter((entry): entry is [string, string] => entry[1] !== null);
    for (const line of table(set.map(([key, value]) => [`${key}:`, value]))) terminal.print(line);
  });
}

/** What runs always has the config of its release, so a wish for another is told to be in vain; where nothing runs it is not. */
async function tellOfRestart({ terminal, client, signal }: Context, made: MadeRelease): Promise<void> {
  const release = await (await client()).release(made.app.id, made.id, signal);
  if (release.slug !== null)
    terminal.note(
      `--no-restart cannot be so here: what runs always has the config of its release, so v${made.version} is rolled out, dropping no request.`,
    );
}

/** The value of a config var, null where there is none. Own ones only: every object has a `constructor`. */
export function valueOf(config: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(config, name) ? (config[name] ?? null) : null;
}
