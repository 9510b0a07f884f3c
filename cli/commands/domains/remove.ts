import { removeDomain } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal }, [domain = '']) => {
  const params = { app: await meant(), domain };
  const removed = await (await client()).call(removeDomain, { params }, signal);
  terminal.note(`Removed ${removed.hostname} from ${removed.app.name}.`);
  result(removed, () => undefined);
};
