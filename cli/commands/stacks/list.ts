import { listStacks } from '../../../server/contract/endpoints/platform.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const api = await client();
  const app = await api.app(await meant(), signal);
  const stacks = await api.call(listStacks, {}, signal);
  result({ app: app.stack, stacks }, () => {
    for (const { name } of stacks) terminal.print(name === app.stack.name ? `* ${name}` : `  ${name}`);
  });
};
