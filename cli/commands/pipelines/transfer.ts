import { showPipeline, transferPipeline } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async (context, [owner = '']) => {
  const { terminal, client, options, result, signal } = context;
  const name = options.text('pipeline');
  if (name === undefined) throw new UsageError('Which pipeline? Name it with --pipeline NAME.');
  const api = await client();
  const pipeline = await api.call(showPipeline, { params: { pipeline: name } }, signal);
  await confirm(
    context,
    pipeline.name,
    `This gives pipeline ${pipeline.name} to ${owner}; its apps stay whose they are.`,
  );
  const to = { id: owner, type: owner.includes('@') ? ('user' as const) : ('team' as const) };
  const body = { pipeline: { id: pipeline.id }, new_owner: to };
  const transfer = await api.call(transferPipeline, { body }, signal);
  terminal.note(`${pipeline.name} belongs to ${owner} now.`);
  result(transfer, () => undefined);
};
