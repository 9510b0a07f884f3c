import { createInside } from '../../../server/contract/endpoints/runs.ts';
import type { Context, Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { attend, wantedOf, withoutDashes } from '../../run-process.ts';

export const run: Run = async (context, [dyno, ...said]) => {
  const words = withoutDashes(said);
  if (dyno === undefined || words.length === 0)
    throw new UsageError('Say where and what: gantry run:inside web.1 -- ls');
  await enter(context, dyno, words);
};

/** Without words it is a shell. */
export async function enter(context: Context, dyno: string, words: readonly string[]): Promise<never> {
  const app = await context.app();
  const client = await context.client();
  const { command, ...wanted } = wantedOf(context, words);
  const body = { ...wanted, ...(words.length > 0 && { command }) };
  const there = await client.call(createInside, { params: { app, dyno }, body }, context.signal);
  return attend(context, there);
}
