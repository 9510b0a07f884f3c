import {
  filterApps,
  listPipelineCouplings,
  showPipeline,
} from '../../../server/contract/endpoints/pipelines.ts';
import { showAccount } from '../../../server/contract/endpoints/account.ts';
import { showTeam } from '../../../server/contract/endpoints/teams.ts';
import type { Client } from '../../../server/contract/client.ts';
import type { PipelineResource } from '../../../server/contract/pipeline-resources.ts';
import type { AppResource, TeamResource } from '../../../server/contract/resources.ts';
import { ApiError } from '../../../server/contract/transport.ts';
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
  const whose = await ownerName(api, pipeline, known, signal);
  result({ pipeline, apps }, () => {
    terminal.print(`${pipeline.name} (of ${whose})`);
    const rows = apps.map(({ app, stage }) => [
      ...[app.name, stage],
      ...(options.flag('withOwners') ? [ownerOf.get(app.id) ?? ''] : []),
    ]);
    printTable(terminal, rows, { fields: ['App', 'Stage', 'Owner'], whole: [0, 1] });
    if (rows.length === 0) terminal.note('You may see no app of it.');
  });
};

/** Whose it is, as far as its apps, or being them, tell; the Platform API has no more than an id. */
async function ownerName(
  client: Client,
  { owner: { id, type } }: PipelineResource,
  apps: readonly AppResource[],
  signal: AbortSignal,
): Promise<string> {
  if (type === 'team') {
    const team = apps.find((app) => app.team?.id === id)?.team ?? (await teamOf(client, id, signal));
    return team === undefined ? 'a team you are not in' : `team ${team.name}`;
  }
  const account = await client.call(showAccount, {}, signal);
  if (account.id === id) return account.email;
  return apps.find((app) => app.owner.id === id)?.owner.email ?? 'somebody else';
}

async function teamOf(client: Client, id: string, signal: AbortSignal): Promise<TeamResource | undefined> {
  try {
    return await client.call(showTeam, { params: { team: id } }, signal);
  } catch (err) {
    if (err instanceof ApiError && err.id === 'not_found') return undefined;
    throw err;
  }
}
