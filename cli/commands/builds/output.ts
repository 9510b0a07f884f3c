import { showBuildOutput } from '../../build-outcome.ts';
import type { Context, Run } from '../../command.ts';
import { whichBuild } from '../../which-build.ts';

export const run: Run = async (context, [id]) => {
  const build = await whichBuild(context, await context.app(), id);
  // Here the output is the result.
  const { terminal } = context;
  const printing: Context = { ...context, terminal: { ...terminal, note: (line) => terminal.print(line) } };
  await showBuildOutput(printing, build);
};
