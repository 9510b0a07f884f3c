import type { Run } from '../../command.ts';
import { completionFor, SHELLS } from '../../completion.ts';
import { UsageError } from '../../failures.ts';
import { knownApps } from '../../known-apps.ts';

export const run: Run = async (context, [what]) => {
  const { terminal } = context;
  if (what === 'apps') {
    for (const name of await knownApps(context)) terminal.print(name);
    return;
  }
  const shell = SHELLS.find((one) => one === what);
  if (shell === undefined)
    throw new UsageError(`There is completion for ${SHELLS.join(', ')}; ${what ?? ''} is none of them.`);
  terminal.raw(completionFor(shell, context.commands));
};
