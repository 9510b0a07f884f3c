import { purgeBuildCache } from '../../../server/contract/endpoints/builds.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const app = await (await client()).call(purgeBuildCache, { params: { app: await meant() } }, signal);
  terminal.note(`Forgot the build cache of ${app.name}; its next build starts from nothing.`);
  result(app, () => undefined);
};
