import type { Context } from './command.ts';
import { UsageError } from './failures.ts';

/**
 * Goes on only when the user means it: `--confirm` says the name again, or it is typed on a terminal. Everything else
 * is a UsageError that tells what would have happened; for commands with the option `--confirm <name>`.
 */
export async function confirm(
  { terminal, options, signal }: Pick<Context, 'terminal' | 'options' | 'signal'>,
  name: string,
  danger: string,
): Promise<void> {
  const said =
    options.text('confirm') ?? (await terminal.question(`${danger} Type ${name} to go on: `, signal));
  if (said === undefined) throw new UsageError(`${danger} Repeat it with --confirm ${name}.`);
  if (said !== name)
    throw new UsageError(`${said === '' ? 'Nothing' : said} is not ${name}; nothing was done.`);
}

/** What somebody typed after `[Y/n]`: Enter alone is yes. */
export function isYes(answer: string): boolean {
  return /^(?:y|yes)?$/i.test(answer);
}
