import type { Context } from './command.ts';
import { UsageError } from './failures.ts';

/** The instance (`web.1`) or the process type that is meant, however it was said; undefined when none was. */
export function whichProcess({ options }: Pick<Context, 'options'>, named: string | undefined) {
  const said = [named, options.text('dynoName'), options.text('processType')].filter(
    (one) => one !== undefined,
  );
  if (said.length > 1) throw new UsageError('Say once which process is meant: its name, -d or -p.');
  return said[0];
}
