import { answerOffer } from '../server/contract/endpoints/transfers.ts';
import type { Context } from './command.ts';
import { whichTransfer } from './which-transfer.ts';

/** Says yes or no to an app that was offered. */
export async function answerTransfer(
  context: Context,
  appOrId: string,
  state: 'accepted' | 'declined',
): Promise<void> {
  const { terminal, client, result, signal } = context;
  const { id } = await whichTransfer(context, appOrId);
  const input = { params: { transfer: id }, body: { state } };
  const answered = await (await client()).call(answerOffer, input, signal);
  terminal.note(
    state === 'accepted' ? `${answered.app.name} is yours now.` : `Declined ${answered.app.name}.`,
  );
  result(answered, () => undefined);
}
