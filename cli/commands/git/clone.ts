import { resolve } from 'node:path';
import type { Context, Run } from '../../command.ts';
import { ExitCode, UsageError } from '../../failures.ts';
import { helperSettings } from '../../git.ts';
import { gitAddress, HELPER } from '../../git-address.ts';
import { REMOTE, remoteName } from '../../remote-name.ts';

export const run: Run = async (context, words) => {
  const { terminal, client, config, result, options, signal, cwd, attach } = context;
  const { name, directory } = whereTo(context, words);
  const remote = remoteName(options.text('remote') ?? REMOTE);
  const app = await (await client()).app(name, signal);
  const address = await gitAddress(context, app);
  const folder = resolve(cwd, directory ?? app.name);
  // Known to the new repository before anything is fetched, and for every push from it.
  const settings = options.flag('https')
    ? helperSettings(address, HELPER).flatMap(([key, value]) => ['--config', `${key}=${value}`])
    : [];
  terminal.rest();
  const args = ['clone', '--origin', remote, ...settings, '--', address, folder];
  const code = await attach('git', args, config.inherited);
  // Git has said why.
  if (code !== 0) throw new ExitCode(code);
  terminal.note(`The git remote ${remote} leads to ${address}.`);
  result({ directory: folder, remote, url: address }, () => terminal.print(folder));
};

/** `git:clone hello copy` and, as with heroku, `git:clone copy -a hello`. */
function whereTo(
  { options, config }: Context,
  [first, second]: readonly string[],
): { readonly name: string; readonly directory: string | undefined } {
  const named = options.text('app');
  if (named !== undefined) {
    if (second === undefined) return { name: named, directory: first };
    throw new UsageError('The app is named twice; name it once: gantry git:clone hello copy');
  }
  const name = first ?? config.app;
  if (name === undefined) throw new UsageError('Which app? For example: gantry git:clone hello');
  return { name, directory: second };
}
