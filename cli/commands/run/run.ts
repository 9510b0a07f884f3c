import { createDyno } from '../../../server/contract/endpoints/runs.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { attend, mustHaveType, wantedOf } from '../../run-process.ts';

export const run: Run = async (context, words) => {
  if (words.length === 0) throw new UsageError('What is to be run? For example: gantry run -- bash');
  const app = await context.app();
  await mustHaveType(context, app);
  const client = await context.client();
  const body = { ...wantedOf(context, words), attach: true };
  const dyno = await client.call(createDyno, { params: { app }, body }, context.signal);
  context.terminal.note(`Running ${body.command} on ${app} as ${dyno.name}.`);
  await attend(context, dyno);
};
