import { removePipeline, showPipeline } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context, [name = '']) => {
  const { terminal, client, result, signal } = context;
  const api = await client();
  const pipeline = await api.call(showPipeline, { params: { pipeline: name } }, signal);
  await confirm(
    context,
    pipeline.name,
    `This destroys pipeline ${pipeline.name}; its apps stay what they are.`,
  );
  const gone = await api.call(removePipeline, { params: { pipeline: pipeline.id } }, signal);
  terminal.note(`Destroyed pipeline ${gone.name}.`);
  result(gone, () => undefined);
};
