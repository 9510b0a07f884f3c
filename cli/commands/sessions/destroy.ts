import { endSession } from '../../../server/contract/endpoints/oauth.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }, [session = '']) => {
  const ended = await (await client()).call(endSession, { params: { session } }, signal);
  terminal.note(`Ended ${ended.description}.`);
  result(ended, () => undefined);
};
