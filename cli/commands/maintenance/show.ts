import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const app = await (await client()).app(await meant(), signal);
  result(app, () => terminal.print(app.maintenance ? 'on' : 'off'));
};
