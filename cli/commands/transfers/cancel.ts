import { withdrawOffer } from '../../../server/contract/endpoints/transfers.ts';
import type { Run } from '../../command.ts';
import { whichTransfer } from '../../which-transfer.ts';

export const run: Run = async (context, [app = '']) => {
  const { terminal, client, result, signal } = context;
  const { id } = await whichTransfer(context, app);
  const withdrawn = await (await client()).call(withdrawOffer, { params: { transfer: id } }, signal);
  terminal.note(`Took back the offer of ${withdrawn.app.name} to ${withdrawn.recipient.email}.`);
  result(withdrawn, () => undefined);
};
