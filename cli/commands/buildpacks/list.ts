import { buildpacksOf } from '../../buildpacks.ts';
import type { Run } from '../../command.ts';

export const run: Run = async (context) => {
  const app = await context.app();
  const names = await buildpacksOf(context, app);
  context.result(names, () => {
    if (names.length === 0) context.terminal.note(`${app} has none chosen: the build uses whichever applies.`);
    names.forEach((name) => context.terminal.print(name));
  });
};
