import { createRelease } from '../../../server/contract/endpoints/releases.ts';
import type { Run } from '../../command.ts';
import { during } from '../../during.ts';
import { CommandError } from '../../failures.ts';
import { followRelease, patiently, waits } from '../../follow.ts';

export const run: Run = async (context) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const all = await client.releases(app, 1000, signal);
  const [newest] = all;
  const slug = newest?.slug ?? null;
  if (newest === undefined || slug === null)
    throw new CommandError(`${app} has no release with anything to run.`);
  if (newest.status === 'failed' && all.some((one) => one.current && one.slug?.id === slug.id))
    throw new CommandError(
      `v${newest.version} of ${app} (${newest.description}) changed nothing but config vars, which were taken back when it failed; make the change again (gantry config:set).`,
    );
  const body = { slug: slug.id, description: `Retry of v${newest.version}: ${newest.description}` };
  const begun = await patiently(context, () => client.call(createRelease, { params: { app }, body }, signal));
  const follow = () => (waits(context) ? followRelease(context, begun) : Promise.resolve(begun));
  const release = await during(terminal, `${begun.description} on ${app}: v${begun.version} …`, follow);
  if (release.status === 'succeeded') terminal.note(`v${release.version} is live.`);
  result(release, () => undefined);
};
