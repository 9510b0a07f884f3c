import type { Context, Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { UsageError } from '../../failures.ts';
import { enter } from '../run/inside.ts';

export const run: Run = async (context, words) => {
  const [first = ''] = words;
  const dyno = context.options.text('dyno');
  // As in run:inside; here all words are the command, and a process for a command is easily a slip.
  if (dyno === undefined && /^[a-z][\w-]*\.\d+$/i.test(first))
    throw new UsageError(
      `${first} is a process, not a command; name it with -d: gantry ps:exec -d ${first}${words.length > 1 ? ' -- …' : ''}`,
    );
  if (context.options.flag('status')) await showStatus(context);
  else await enter(context, dyno ?? 'web.1', words);
};

/** Nothing has to be switched on before: what is up can be entered. */
async function showStatus(context: Context): Promise<void> {
  const { terminal, client, signal } = context;
  const app = await context.app();
  const dynos = (await (await client()).dynos(app, signal)).filter(({ type }) => type !== 'run');
  if (dynos.length === 0) terminal.note(`Nothing of ${app} runs.`);
  const rows = dynos.map(({ name, state }) => [name, state, state === 'up' ? 'yes' : 'no']);
  printTable(terminal, rows, { head: ['Process', 'State', 'Can be entered'], whole: [0] });
}
