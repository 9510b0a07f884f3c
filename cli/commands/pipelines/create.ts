import { createCoupling, createPipeline } from '../../../server/contract/endpoints/pipelines.ts';
import { showTeam } from '../../../server/contract/endpoints/teams.ts';
import type { Run } from '../../command.ts';
import { commonName, stageFor } from '../../stage.ts';

export const run: Run = async (context, [wanted]) => {
  const { terminal, result, options, signal } = context;
  const name = await context.app();
  const client = await context.client();
  const app = await client.app(name, signal);
  const stage = stageFor(app.name, options.text('stage'));
  const team = options.text('team');
  const owner = team === undefined ? null : (await client.call(showTeam, { params: { team } }, signal)).id;
  const body = {
    name: wanted ?? commonName(app.name),
    ...(owner !== null && { owner: { id: owner, type: 'team' as const } }),
  };
  const pipeline = await client.call(createPipeline, { body }, signal);
  const place = { app: app.id, pipeline: pipeline.id, stage };
  const coupling = await client.call(createCoupling, { body: place }, signal);
  terminal.note(`Made pipeline ${pipeline.name} with ${app.name} in ${stage}.`);
  result({ pipeline, apps: [coupling] }, () => undefined);
};
