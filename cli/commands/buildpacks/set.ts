import { buildpacksOf, chooseBuildpacks } from '../../buildpacks.ts';
import type { Run } from '../../command.ts';
import { wholeNumber } from '../../number.ts';

export const run: Run = async (context, [name = '']) => {
  const app = await context.app();
  const before = await buildpacksOf(context, app);
  const at = wholeNumber('--index', context.options.text('index') ?? '1', { max: 20 });
  const after = [...before];
  after.splice(Math.max(0, at - 1), 1, name);
  await chooseBuildpacks(context, app, after);
};
