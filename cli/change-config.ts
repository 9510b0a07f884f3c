import type { Context } from './command.ts';
import { followRelease, patiently, waits } from './follow.ts';
import { table } from './table.ts';

/** Sets (a string) and removes (null) config vars, stays until the new release is live, and prints the values set. */
export async function changeConfig(
  context: Context,
  change: ReadonlyMap<string, string | null>,
): Promise<void> {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const answer = await patiently(context, () => client.changeConfig(app, Object.fromEntries(change), signal));
  const names = [...change.keys()].join(', ');
  if (answer.release === null) {
    terminal.note(
      `Nothing changed for ${app}: ${names} had ${change.size === 1 ? 'this value' : 'these values'} already.`,
    );
  } else {
    terminal.note(`Changed ${names} for ${app}: v${answer.release}.`);
    if (waits(context)) {
      const release = await followRelease(context, app, answer.release);
      if (release.slug !== null) terminal.note(`v${answer.release} is live.`);
    }
  }
  result(answer.config, () => {
    const set = [...change].filter((entry): entry is [string, string] => entry[1] !== null);
    for (const line of table(set.map(([key, value]) => [`${key}:`, value]))) terminal.print(line);
  });
}
