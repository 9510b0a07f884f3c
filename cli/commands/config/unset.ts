import type { Run } from '../../command.ts';
import { changeConfig } from '../../change-config.ts';

export const run: Run = async (context, keys) => {
  await changeConfig(context, new Map(keys.map((key) => [key, null])));
};
