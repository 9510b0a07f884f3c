import { stopDyno, stopFormation } from '../../../server/contract/endpoints/runs.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { patiently } from '../../follow.ts';
import { whichProcess } from '../../which-process.ts';

export const run: Run = async (context, [named]) => {
  const which = whichProcess(context, named);
  if (which === undefined)
    throw new UsageError(
      'What is to be stopped? Say a process, such as gantry ps:stop run.1234; gantry ps:scale web=0 stops all of a type.',
    );
  const app = await context.app();
  const client = await context.client();
  const { signal } = context;
  const answer = await patiently(context, () =>
    which.includes('.')
      ? client.call(stopDyno, { params: { app, dyno: which } }, signal)
      : client.call(stopFormation, { params: { app, type: which } }, signal),
  );
  const replaced = 'id' in answer;
  context.terminal.note(replaced ? `${which} is being replaced by a fresh one.` : `${which} is told to end.`);
  context.result(answer, () => undefined);
};
