import { renamePipeline } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }, [pipeline = '', name = '']) => {
  const renamed = await (
    await client()
  ).call(renamePipeline, { params: { pipeline }, body: { name } }, signal);
  terminal.note(`${pipeline} is ${renamed.name} now.`);
  result(renamed, () => undefined);
};
