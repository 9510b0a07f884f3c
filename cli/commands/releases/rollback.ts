import type { Context, Run } from '../../command.ts';
import { during } from '../../during.ts';
import { CommandError } from '../../failures.ts';
import { followRelease, patiently, waits } from '../../follow.ts';

export const run: Run = async (context, [version]) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  if (context.options.flag('plan')) return showPlan(context, app, version);
  const begun = await patiently(context, () => client.rollback(app, version ?? null, signal));
  const follow = () => (waits(context) ? followRelease(context, begun) : Promise.resolve(begun));
  const release = await during(terminal, `${begun.description} on ${app}: v${begun.version} …`, follow);
  if (release.status === 'succeeded') terminal.note(`v${release.version} is live.`);
  result(release, () => undefined);
};

/** What would happen: to which release, as which number, and what is replaced for it. */
async function showPlan(context: Context, app: string, version: string | undefined): Promise<void> {
  const { terminal, result, signal } = context;
  const client = await context.client();
  const all = await client.releases(app, 1000, signal);
  const current = all.find((one) => one.current);
  const to =
    version === undefined
      ? all.find((one) => one.eligible_for_rollback && one.version < (current?.version ?? 0))
      : await client.release(app, version, signal);
  if (to?.eligible_for_rollback !== true || to.current)
    throw new CommandError(
      `${app} cannot be rolled back to ${to === undefined ? 'an earlier release' : `v${to.version}`}.`,
    );
  const formation = await client.formation(app, signal);
  const plan = { app, to: to.version, release: (all[0]?.version ?? 0) + 1, formation };
  result(plan, () => {
    terminal.print(
      `v${plan.release} would have the image and the config of v${to.version} (${to.description}).`,
    );
    const replaced = formation.filter(({ quantity }) => quantity > 0);
    terminal.print(
      `Replaced, without a gap: ${replaced.map(({ type, quantity }) => `${type}=${quantity}`).join(' ') || 'nothing'}.`,
    );
    terminal.print(
      `To see what differs: gantry releases:diff v${current?.version ?? to.version} v${to.version} -a ${app}`,
    );
  });
}
