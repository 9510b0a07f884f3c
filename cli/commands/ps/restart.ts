import type { Run } from '../../command.ts';
import { during } from '../../during.ts';
import { followDeployment, patiently, waits } from '../../follow.ts';
import { whichProcess } from '../../which-process.ts';

export const run: Run = async (context, [named]) => {
  const which = whichProcess(context, named);
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const begun = await patiently(context, () => client.restart(app, which, signal));
  if (begun === null) {
    terminal.note(`Nothing is deployed to ${app} yet, so there is nothing to restart.`);
    result({}, () => undefined);
    return;
  }
  const follow = () => (waits(context) ? followDeployment(context, begun) : Promise.resolve(begun));
  const end = await during(terminal, `Restarting ${app} …`, follow);
  if (end.status === 'superseded') terminal.note('A newer deployment has taken its place.');
  if (end.status === 'succeeded') terminal.note(`Restarted ${app}.`);
  result(end, () => undefined);
};
