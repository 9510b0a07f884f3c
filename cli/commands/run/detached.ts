import { createDyno } from '../../../server/contract/endpoints/runs.ts';
import type { Run } from '../../command.ts';
import { CommandError, ExitCode, UsageError } from '../../failures.ts';
import { followRun } from '../../follow-logs.ts';
import { mustHaveType, wantedOf } from '../../run-process.ts';

export const run: Run = async (context, words) => {
  const { terminal, options, result, signal } = context;
  const tail = options.flag('tail');
  if (words.length === 0)
    throw new UsageError('What is to be run? For example: gantry run:detached -- sleep 60');
  if (tail && options.flag('json'))
    throw new UsageError('--tail prints lines and --json one object; give one of them.');
  const app = await context.app();
  await mustHaveType(context, app);
  const client = await context.client();
  const body = { ...wantedOf(context, words), attach: false };
  const dyno = await client.call(createDyno, { params: { app }, body }, signal);
  if (tail) {
    terminal.note(`Running ${body.command} on ${app} as ${dyno.name}.`);
    const code = await followRun(context, app, dyno);
    if (code === undefined)
      throw new CommandError(
        `${dyno.name} is over, and how it ended is not known; see gantry logs -a ${app} --dyno ${dyno.name}.`,
      );
    throw new ExitCode(code);
  }
  result(dyno, () => terminal.print(dyno.name));
  terminal.note(`It runs without you; its output is in the log: gantry logs -a ${app} --dyno ${dyno.name}`);
};
