import type { Run } from '../../command.ts';
import { followDeployment, patiently, waits } from '../../follow.ts';

export const run: Run = async (context, [which]) => {
  const { terminal, result, signal } = context;
  const app = await context.app();
  const client = await context.client();
  const begun = await patiently(context, () => client.restart(app, which, signal));
  if (begun === null) {
    terminal.note(`Nothing is deployed to ${app} yet, so there is nothing to restart.`);
    result({}, () => undefined);
    return;
  }
  terminal.note(`Restarting ${app} …`);
  const end = waits(context) ? await followDeployment(context, begun) : begun;
  if (end.status === 'superseded') terminal.note('A newer deployment has taken its place.');
  if (end.status === 'succeeded') terminal.note(`Restarted ${app}.`);
  result(end, () => undefined);
};
