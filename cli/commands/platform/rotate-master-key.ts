import { pause } from '../../../lib/deadline.ts';
import { rotateMasterKey, showMasterKey } from '../../../server/contract/endpoints/master-key.ts';
import type { MasterKeyResource } from '../../../server/contract/master-key-resources.ts';
import type { Context, Run } from '../../command.ts';
import { during } from '../../during.ts';
import { throughRestarts } from '../../through-restarts.ts';

const LOOK_EVERY_MS = 500;

export const run: Run = async (context) => {
  const { terminal, client, options, result, signal } = context;
  const begun = await (await client()).call(rotateMasterKey, {}, signal);
  const key = options.declined('wait') ? begun : await untilCurrent(context, begun);
  result(key, () => {
    if (key.state === 'rotating')
      terminal.note(`Sealing all secrets with master key ${key.id}; gantry master-key shows how far it is.`);
    else terminal.note(`All secrets are sealed with master key ${key.id}; the former one opens nothing.`);
  });
  if (key.unreadable > 0)
    terminal.note(` ▸ ${key.unreadable} values could be opened with no key, and stay as they are.`);
};

/** The last look before it was done says how many values no key opens. */
async function untilCurrent(context: Context, begun: MasterKeyResource): Promise<MasterKeyResource> {
  const client = await context.client();
  return await during(context.terminal, 'Sealing all secrets with a new master key …', async () => {
    for (let { unreadable } = begun; ;) {
      const look = () => client.call(showMasterKey, {}, context.signal);
      const key = await throughRestarts(context, look);
      if (key.state === 'current') return { ...key, unreadable };
      ({ unreadable } = key);
      await pause(LOOK_EVERY_MS, context.signal);
    }
  });
}
