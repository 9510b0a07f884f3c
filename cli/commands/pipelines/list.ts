import { listPipelines } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const all = await (await client()).call(listPipelines, { range: 'name ..; max=1000' }, signal);
  result(all, () => {
    if (all.length === 0) terminal.note('There are no pipelines; make one with gantry pipelines:create.');
    for (const { name } of all) terminal.print(name);
  });
};
