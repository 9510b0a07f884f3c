import { updateApp } from '../../../server/contract/endpoints/apps.ts';
import type { Run } from '../../command.ts';
import { REMOTE } from '../../remote-name.ts';

export const run: Run = async (context, [name = '']) => {
  const { terminal, client, git, result, options, signal } = context;
  const app = await context.app();
  const api = await client();
  const before = await api.app(app, signal);
  const renamed = await api.call(updateApp, { params: { app }, body: { name } }, signal);
  terminal.note(`Renamed ${before.name} to ${renamed.name}.`);
  const remote = options.text('remote') ?? REMOTE;
  const inRepository = await git.inRepository(signal).catch(() => false);
  if (inRepository && (await git.remoteUrl(remote, signal)) === before.git_url) {
    await git.setRemote(remote, renamed.git_url, signal);
    terminal.note(`Pointed the git remote ${remote} at it.`);
  }
  result(renamed, () => terminal.print(`${renamed.web_url ?? ''} | ${renamed.git_url}`));
};
