import {
  listBuildpackInstallations,
  setBuildpackInstallations,
} from '../server/contract/endpoints/options.ts';
import type { BuildpackInstallationResource } from '../server/contract/option-resources.ts';
import type { Context } from './command.ts';

type Installed = readonly BuildpackInstallationResource[];

/** The buildpacks of the app, as they are named. */
export async function buildpacksOf({ client, signal }: Context, app: string): Promise<string[]> {
  const installed: Installed = await (
    await client()
  ).call(listBuildpackInstallations, { params: { app } }, signal);
  return installed.map(({ buildpack }) => buildpack.name);
}

/** Chooses these, and tells what the next build uses. */
export async function chooseBuildpacks(
  { client, terminal, result, signal }: Context,
  app: string,
  names: readonly string[],
): Promise<void> {
  const body = { updates: names.map((buildpack) => ({ buildpack })) };
  const installed: Installed = await (
    await client()
  ).call(setBuildpackInstallations, { params: { app }, body }, signal);
  if (installed.length === 0) terminal.note(`The next build of ${app} uses whichever buildpack applies.`);
  else
    terminal.note(
      `The next build of ${app} uses ${installed.map(({ buildpack }) => buildpack.name).join(', then ')}.`,
    );
  result(installed, () => undefined);
}
