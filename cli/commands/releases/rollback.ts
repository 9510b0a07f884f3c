import type { Run } from '../../command.ts';
import { followRelease, patiently, waits } from '../../follow.ts';

export const run: Run = async (context, [version]) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const begun = await patiently(context, () => client.rollback(app, version ?? null, signal));
  terminal.note(`${begun.description} on ${app}: v${begun.version} …`);
  const release = waits(context) ? await followRelease(context, app, begun.version) : begun;
  if (release.status === 'succeeded') terminal.note(`v${release.version} is live.`);
  result(release, () => undefined);
};
