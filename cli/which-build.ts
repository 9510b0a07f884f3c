import { listBuilds, showBuild } from '../server/contract/endpoints/builds.ts';
import type { BuildResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { CommandError } from './failures.ts';

/** The build of this id, or the newest one of the app. */
export async function whichBuild(
  { client, signal }: Context,
  app: string,
  id: string | undefined,
): Promise<BuildResource> {
  const api = await client();
  if (id !== undefined) return api.call(showBuild, { params: { app, build: id } }, signal);
  const range = 'created_at ..; max=1, order=desc';
  const [newest] = await api.call(listBuilds, { params: { app }, range }, signal);
  if (newest === undefined) throw new CommandError(`${app} was never built.`);
  return newest;
}
