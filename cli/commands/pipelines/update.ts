import { changeCoupling, showAppCoupling } from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { stageFor } from '../../stage.ts';

export const run: Run = async ({ terminal, client, app, result, options, signal }) => {
  const wanted = options.text('stage');
  if (wanted === undefined)
    throw new UsageError('To which stage? Say it with --stage, such as --stage staging.');
  const name = await app();
  const stage = stageFor(name, wanted);
  const api = await client();
  const { id } = await api.call(showAppCoupling, { params: { app: name } }, signal);
  const coupling = await api.call(changeCoupling, { params: { coupling: id }, body: { stage } }, signal);
  terminal.note(`${coupling.app.name} is in ${stage} now.`);
  result(coupling, () => undefined);
};
