import type { LogQuery } from '../../../server/contract/client.ts';
import type { Run } from '../../command.ts';
import { followLogs } from '../../follow-logs.ts';
import { wholeNumber } from '../../number.ts';

export const run: Run = async (context) => {
  const { options } = context;
  const dyno = ['ps', 'dyno', 'dynoName', 'processType']
    .map((name) => options.text(name))
    .find((one) => one !== undefined);
  const source = options.text('source');
  const query: LogQuery = {
    // As the API takes it: of more lines than are kept, those that are.
    lines: Math.min(1500, wholeNumber('--num', options.text('num') ?? '100', { min: 0, max: 999_999_999 })),
    tail: options.flag('tail'),
    ...(dyno !== undefined && { dyno }),
    ...(source !== undefined && { source }),
  };
  await followLogs(context, await context.app(), query);
};
