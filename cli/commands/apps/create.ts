import { createApp } from '../../../server/contract/endpoints/apps.ts';
import { setBuildpackInstallations } from '../../../server/contract/endpoints/options.ts';
import { createTeamApp } from '../../../server/contract/endpoints/team-apps.ts';
import type { AppResource } from '../../../server/contract/resources.ts';
import type { Context, Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { gitAddress, leadRemote } from '../../git-address.ts';
import { REMOTE, remoteName } from '../../remote-name.ts';

export const run: Run = async (context, [name]) => {
  const { terminal, result, options } = context;
  checkBuildpack(options.text('buildpack'));
  const remote = options.declined('remote') ? null : remoteName(options.text('remote') ?? REMOTE);
  const app = await create(context, name);
  terminal.note(`Created ${app.name}.`);
  await chooseBuildpack(context, app);
  const address = await gitAddress(context, app);
  const added = remote !== null && (await addRemote(context, app, { remote, address }));
  result(app, () => {
    terminal.print(`${app.web_url ?? ''} | ${address}`);
    if (added) terminal.note(`Deploy with: git push ${remote} main`);
  });
};

/** Before the app is there: what nobody could choose is a slip of the pen. */
function checkBuildpack(word: string | undefined): void {
  if (word === undefined || /^(?:(?:urn:buildpack:)?[^\s/:]+\/[^\s/:]+|https:\/\/\S+)$/.test(word)) return;
  throw new UsageError(
    `--buildpack takes a name such as heroku/nodejs, or the https address of a buildpack; ${word} is neither, and no app was made.`,
  );
}

async function create({ client, options, signal }: Context, name: string | undefined): Promise<AppResource> {
  const [team, stack, region] = [options.text('team'), options.text('stack'), options.text('region')];
  const body = {
    ...(name !== undefined && { name }),
    ...(stack !== undefined && { stack }),
    ...(region !== undefined && { region }),
  };
  const api = await client();
  if (team === undefined && options.flag('locked'))
    throw new UsageError('--locked is about apps of teams; name the team with --team.');
  if (team === undefined) return await api.call(createApp, { body }, signal);
  return await api.call(createTeamApp, { body: { ...body, team, locked: options.flag('locked') } }, signal);
}

async function chooseBuildpack(
  { client, terminal, options, signal }: Context,
  app: AppResource,
): Promise<void> {
  const buildpack = options.text('buildpack');
  if (buildpack === undefined) return;
  const input = { params: { app: app.id }, body: { updates: [{ buildpack }] } };
  const [chosen] = await (await client()).call(setBuildpackInstallations, input, signal);
  terminal.note(`Its builds use ${chosen?.buildpack.name ?? buildpack}.`);
}

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
