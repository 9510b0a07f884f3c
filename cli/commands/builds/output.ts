import { showBuildOutput } from '../../build-outcome.ts';
import type { Context, Run } from '../../command.ts';
import { whichBuild } from '../../which-build.ts';

export const run: Run = async (context, [id]) => {
  const build = await whichBuild(context, await context.app(), id);
  // Here the output is the result.
  const { terminal, options } = context;
  const note = (text: string): void =>
    options.flag('json') ? terminal.raw(`${JSON.stringify({ text })}\n`) : terminal.print(text);
  const printing: Context = { ...context, terminal: { ...terminal, note } };
  await showBuildOutput(printing, build);
};
