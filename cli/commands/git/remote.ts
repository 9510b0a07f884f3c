import type { Run } from '../../command.ts';
import { remoteName, REMOTE } from '../../context.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, config, git, result, options, signal }) => {
  const remote = remoteName(options.text('remote') ?? REMOTE);
  if (!(await git.inRepository(signal))) {
    throw new CommandError('This is not a git repository; run git init first, or change into one.');
  }
  // With --remote the app must be said: the remote is what is being changed, so it cannot name the app.
  const name = options.text('app') ?? config.app ?? (await meant());
  const app = await (await client()).app(name, signal);
  await git.setRemote(remote, app.git_url, signal);
  terminal.note(`The git remote ${remote} leads to ${app.git_url}.`);
  result({ remote, url: app.git_url }, () => undefined);
};
