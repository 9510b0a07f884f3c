import { buildpacksOf, chooseBuildpacks } from '../../buildpacks.ts';
import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';
import { wholeNumber } from '../../number.ts';

export const run: Run = async (context, [name = '']) => {
  const app = await context.app();
  const before = await buildpacksOf(context, app);
  if (before.includes(name)) throw new CommandError(`${app} has the buildpack ${name} already.`);
  const index = context.options.text('index');
  const at = index === undefined ? before.length : Math.max(0, wholeNumber('--index', index, { max: 20 }) - 1);
  await chooseBuildpacks(context, app, [...before.slice(0, at), name, ...before.slice(at)]);
};
