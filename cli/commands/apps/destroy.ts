import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context, [name]) => {
  const { terminal, client, result, signal } = context;
  const app = name ?? (await context.app());
  await confirm(context, app, `This destroys ${app} with everything it has and cannot be undone.`);
  const gone = await (await client()).destroyApp(app, signal);
  terminal.note(`Destroyed ${gone.name}.`);
  result(gone, () => undefined);
};
