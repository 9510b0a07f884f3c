import {
  filterApps,
  listPipelineCouplings,
  showPipeline,
} from '../../../server/contract/endpoints/pipelines.ts';
import type { Run } from '../../command.ts';
import { inOrder } from '../../stage.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, options, result, signal }, [name = '']) => {
  const api = await client();
  const pipeline = await api.call(showPipeline, { params: { pipeline: name } }, signal);
  const input = { params: { pipeline: pipeline.id }, range: 'id ..; max=1000' };
  const apps = inOrder(await api.call(listPipelineCouplings, input, signal));
  const ids = { in: { id: apps.map(({ app }) => app.id) } };
  const known = await api.call(filterApps, { body: ids, range: 'id ..; max=1000' }, signal);
  const ownerOf = new Map(known.map((app) => [app.id, app.team?.name ?? app.owner.email]));
  result({ pipeline, apps }, () => {
    terminal.print(`${pipeline.name} (${pipeline.owner.type === 'team' ? 'of a team' : 'of a person'})`);
    const rows = apps.map(({ app, stage }) => [
      ...[app.name, stage],
      ...(options.flag('withOwners') ? [ownerOf.get(app.id) ?? ''] : []),
    ]);
    printTable(terminal, rows, { whole: [0] });
    if (rows.length === 0) terminal.note('You may see no app of it.');
  });
};
