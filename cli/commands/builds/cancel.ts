import { cancelBuild } from '../../../server/contract/endpoints/builds.ts';
import type { Run } from '../../command.ts';
import { whichBuild } from '../../which-build.ts';

export const run: Run = async (context, [id]) => {
  const { terminal, client, result, signal } = context;
  const app = await context.app();
  const build = await whichBuild(context, app, id);
  const ended = await (await client()).call(cancelBuild, { params: { app, build: build.id } }, signal);
  terminal.note(`Cancelled the build ${ended.id}; what served before goes on.`);
  result(ended, () => undefined);
};
