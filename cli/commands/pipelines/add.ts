import { createCoupling } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';
import { stageFor } from '../../stage.ts';

export const run: Run = async (
  { terminal, client, app: meant, result, options, signal },
  [pipeline = ''],
) => {
  const app = await meant();
  const stage = stageFor(app, options.text('stage'));
  const coupling = await (await client()).call(createCoupling, { body: { app, pipeline, stage } }, signal);
  terminal.note(`Put ${coupling.app.name} into ${coupling.pipeline.name}, in ${stage}.`);
  result(coupling, () => undefined);
};
