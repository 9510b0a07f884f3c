import { buildpacksOf, chooseBuildpacks } from '../../buildpacks.ts';
import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async (context, [name = '']) => {
  const app = await context.app();
  const before = await buildpacksOf(context, app);
  const bare = name.replace(/^urn:buildpack:/, '');
  if (!before.includes(bare)) throw new CommandError(`${app} has no buildpack ${bare}.`);
  await chooseBuildpacks(
    context,
    app,
    before.filter((one) => one !== bare),
  );
};
