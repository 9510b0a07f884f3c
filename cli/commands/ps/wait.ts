import type { Run } from '../../command.ts';
import { during } from '../../during.ts';
import { UsageError } from '../../failures.ts';
import { followScale } from '../../follow.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, options, signal } = context;
  const app = await context.app();
  const api = await client();
  const type = options.text('type');
  const all = await api.formation(app, signal);
  const formation = type === undefined ? all : all.filter((entry) => entry.type === type);
  if (type !== undefined && formation.length === 0)
    throw new UsageError(
      `${app} has no process type ${type}; it has ${all.map((one) => one.type).join(', ') || 'none'}.`,
    );
  await during(terminal, `Waiting for the instances of ${app} …`, () =>
    followScale(context, app, formation, []),
  );
  terminal.note(`All that is wanted of ${type ?? app} is up.`);
  result(await api.dynos(app, signal), () => undefined);
};
