import type { Context, Run } from '../../command.ts';
import { REMOTE, remoteName } from '../../remote-name.ts';
import { gitAddress, leadRemote } from '../../git-address.ts';
import type { AppResource } from '../../../server/contract/resources.ts';

export const run: Run = async (context, [name]) => {
  const { terminal, client, result, options, signal } = context;
  const remote = options.declined('remote') ? null : remoteName(options.text('remote') ?? REMOTE);
  const app = await (await client()).createApp(name, signal);
  terminal.note(`Created ${app.name}.`);
  const address = await gitAddress(context, app);
  const added = remote !== null && (await addRemote(context, app, { remote, address }));
  result(app, () => {
    terminal.print(`${app.web_url ?? ''} | ${address}`);
    if (added) terminal.note(`Deploy with: git push ${remote} main`);
  });
};

/** True when the remote now leads to the app. One that leads elsewhere may be in use, so it stays. */
async function addRemote(
  context: Context,
  app: AppResource,
  { remote, address }: { readonly remote: string; readonly address: string },
): Promise<boolean> {
  const { git, terminal, options, signal } = context;
  if (!(await git.inRepository(signal))) return false;
  const before = await git.remoteUrl(remote, signal);
  if (before === address && !options.flag('https')) return true;
  if (before !== undefined && before !== address) {
    const how = `gantry git:remote -a ${app.name} -r ${remote}${options.flag('https') ? ' --https' : ''}`;
    terminal.note(`The git remote ${remote} leads to ${before} and was left alone; ${how} changes it.`);
    return false;
  }
  await leadRemote(context, remote, address);
  terminal.note(`Added the git remote ${remote}.`);
  return true;
}
