import { pause } from '../../../lib/deadline.ts';
import type { Context, Run } from '../../command.ts';
import { during } from '../../during.ts';
import { UsageError } from '../../failures.ts';
import { followScale, LOOK_EVERY_MS } from '../../follow.ts';
import { wholeNumber } from '../../number.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, options, signal } = context;
  const [type, interval] = [options.text('type'), options.text('waitInterval')];
  const withRun = options.flag('withRun');
  if (withRun && type !== undefined)
    throw new UsageError('--type and --with-run exclude each other; give one of them.');
  const everyMs =
    interval === undefined ? LOOK_EVERY_MS : wholeNumber('--wait-interval', interval, { max: 3_600 }) * 1_000;
  const app = await context.app();
  const api = await client();
  const all = await api.formation(app, signal);
  const formation = type === undefined ? all : all.filter((entry) => entry.type === type);
  if (type !== undefined && formation.length === 0)
    throw new UsageError(
      `${app} has no process type ${type}; it has ${all.map((one) => one.type).join(', ') || 'none'}.`,
    );
  await during(terminal, `Waiting for the instances of ${app} …`, () =>
    followScale(context, app, formation, { everyMs }),
  );
  if (withRun)
    await during(terminal, `Waiting for one-off processes of ${app} …`, () =>
      untilRunsAreNew(context, app, everyMs),
    );
  terminal.note(`All that is wanted of ${type ?? app} is up.`);
  result(await api.dynos(app, signal), () => undefined);
};

/** Stays while one-off processes of older releases go on; how long that is, is theirs to say. */
async function untilRunsAreNew({ client, signal }: Context, app: string, everyMs: number): Promise<void> {
  const api = await client();
  const [newest] = await api.releases(app, 1, signal);
  for (;;) {
    const runs = (await api.dynos(app, signal)).filter(
      ({ type, state }) => type === 'run' && state !== 'down',
    );
    if (runs.every(({ state, release }) => state === 'up' && release.version >= (newest?.version ?? 0)))
      return;
    await pause(everyMs, signal);
  }
}
