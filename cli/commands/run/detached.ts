import { createDyno } from '../../../server/contract/endpoints/runs.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { wantedOf } from '../../run-process.ts';

export const run: Run = async (context, words) => {
  if (words.length === 0)
    throw new UsageError('What is to be run? For example: gantry run:detached -- sleep 60');
  const app = await context.app();
  const client = await context.client();
  const body = { ...wantedOf(context, words), attach: false };
  const dyno = await client.call(createDyno, { params: { app }, body }, context.signal);
  context.result(dyno, () => context.terminal.print(dyno.name));
  context.terminal.note(
    `It runs without you; its output is in the log: gantry logs -a ${app} --dyno ${dyno.name}`,
  );
};
