import { listTransfers } from '../server/contract/endpoints/transfers.ts';
import type { AppTransferResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { CommandError } from './failures.ts';

/** The open offer of an app, by the name of the app or its own id. */
export async function whichTransfer(
  { client, signal }: Context,
  appOrId: string,
): Promise<AppTransferResource> {
  const all = await (await client()).call(listTransfers, {}, signal);
  const found = all.find(
    ({ id, app, state }) => state === 'pending' && [id, app.id, app.name].includes(appOrId),
  );
  if (found !== undefined) return found;
  throw new CommandError(`There is no open offer of ${appOrId}; see gantry apps:transfers.`);
}
