import type { Run } from '../../command.ts';
import { REMOTE, remoteName } from '../../remote-name.ts';
import { CommandError } from '../../failures.ts';
import { gitAddress, leadRemote } from '../../git-address.ts';

export const run: Run = async (context) => {
  const { terminal, client, app: meant, config, git, result, options, signal } = context;
  const remote = remoteName(options.text('remote') ?? REMOTE);
  if (!(await git.inRepository(signal))) {
    throw new CommandError('This is not a git repository; run git init first, or change into one.');
  }
  // With --remote the app must be said: the remote is what is being changed, so it cannot name the app.
  const name = options.text('app') ?? config.app ?? (await meant());
  const app = await (await client()).app(name, signal);
  const address = await gitAddress(context, app);
  await leadRemote(context, remote, address);
  terminal.note(`The git remote ${remote} leads to ${address}.`);
  result({ remote, url: address }, () => undefined);
};
