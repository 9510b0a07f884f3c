import type { Context, Run } from '../../command.ts';
import { remoteName, REMOTE } from '../../context.ts';
import type { AppResource } from '../../../server/contract/resources.ts';

export const run: Run = async (context, [name]) => {
  const { terminal, client, result, options, signal } = context;
  const remote = options.declined('remote') ? null : remoteName(options.text('remote') ?? REMOTE);
  const app = await (await client()).createApp(name, signal);
  terminal.note(`Created ${app.name}.`);
  const added = remote !== null && (await addRemote(context, app, remote));
  result(app, () => {
    terminal.print(`${app.web_url ?? ''} | ${app.git_url}`);
    if (added) terminal.note(`Deploy with: git push ${remote} main`);
  });
};

/** True when the remote now leads to the app. One that leads elsewhere may be in use, so it stays. */
async function addRemote(
  { git, terminal, signal }: Context,
  app: AppResource,
  remote: string,
): Promise<boolean> {
  if (!(await git.inRepository(signal))) return false;
  const before = await git.remoteUrl(remote, signal);
  if (before === app.git_url) return true;
  if (before !== undefined) {
    terminal.note(
      `The git remote ${remote} leads to ${before} and was left alone; gantry git:remote -a ${app.name} -r ${remote} changes it.`,
    );
    return false;
  }
  await git.setRemote(remote, app.git_url, signal);
  terminal.note(`Added the git remote ${remote}.`);
  return true;
}
