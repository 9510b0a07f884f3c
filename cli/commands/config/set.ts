import type { Run } from '../../command.ts';
import { changeConfig } from '../../change-config.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async (context, pairs) => {
  const change = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new UsageError(`${pair} is not of the form KEY=value.`);
    change.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  await changeConfig(context, change);
};
