import { updateApp } from '../../../server/contract/endpoints/apps.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }, [stack = '']) => {
  const params = { app: await meant() };
  const app = await (await client()).call(updateApp, { params, body: { build_stack: stack } }, signal);
  terminal.note(`The next build of ${app.name} is on ${app.build_stack.name}.`);
  result(app, () => undefined);
};
