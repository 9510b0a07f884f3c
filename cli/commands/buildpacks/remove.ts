import { buildpacksOf, chooseBuildpacks } from '../../buildpacks.ts';
import type { Run } from '../../command.ts';
import { CommandError, UsageError } from '../../failures.ts';
import { wholeNumber } from '../../number.ts';

export const run: Run = async (context, [name]) => {
  const index = context.options.text('index');
  if ((name === undefined) === (index === undefined))
    throw new UsageError('Say which buildpack to remove: its name, or its place with --index.');
  const app = await context.app();
  const before = await buildpacksOf(context, app);
  const at =
    index === undefined
      ? before.indexOf((name ?? '').replace(/^urn:buildpack:/, ''))
      : wholeNumber('--index', index, { max: 20 }) - 1;
  if (before[at] === undefined)
    throw new CommandError(
      index === undefined
        ? `${app} has no buildpack ${name ?? ''}.`
        : `${app} has no buildpack at place ${index}; it has ${before.length}.`,
    );
  await chooseBuildpacks(context, app, before.toSpliced(at, 1));
};
