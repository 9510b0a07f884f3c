import type { Run } from '../../command.ts';
import { enter } from '../run/inside.ts';

export const run: Run = async (context, words) => {
  await enter(context, context.options.text('dyno') ?? 'web.1', words);
};
