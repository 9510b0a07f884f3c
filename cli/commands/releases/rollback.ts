import type { Run } from '../../command.ts';
import { during } from '../../during.ts';
import { followRelease, patiently, waits } from '../../follow.ts';

export const run: Run = async (context, [version]) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const begun = await patiently(context, () => client.rollback(app, version ?? null, signal));
  const follow = () => (waits(context) ? followRelease(context, app, begun.version) : Promise.resolve(begun));
  const release = await during(terminal, `${begun.description} on ${app}: v${begun.version} …`, follow);
  if (release.status === 'succeeded') terminal.note(`v${release.version} is live.`);
  result(release, () => undefined);
};
