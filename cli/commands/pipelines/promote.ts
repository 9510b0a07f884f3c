import { pause } from '../../../lib/deadline.ts';
import type { Client } from '../../../server/contract/client.ts';
import {
  createPromotion,
  listPipelineCouplings,
  listPromotionTargets,
  showAppCoupling,
} from '../../../server/contract/endpoints/pipelines.ts';
import type {
  PipelineCouplingResource,
  PromotionTargetResource,
} from '../../../server/contract/pipeline-resources.ts';
import { ApiError } from '../../../server/contract/transport.ts';
import type { Context, Run } from '../../command.ts';
import { during } from '../../during.ts';
import { CommandError } from '../../failures.ts';
import { waits } from '../../follow.ts';
import { stageAfter } from '../../stage.ts';
import { printTable } from '../../table.ts';
import { throughRestarts } from '../../through-restarts.ts';

const LOOK_EVERY_MS = 500;
/** Longer than the platform lets a rollout take, with another one before it. */
const GIVE_UP_MS = 90 * 60_000;

export const run: Run = async (context) => {
  const { terminal, result, signal } = context;
  const client = await context.client();
  const from = await client.call(showAppCoupling, { params: { app: await context.app() } }, signal);
  const targets = await targetsOf(context, client, from);
  const names = new Map(targets.map(({ app }) => [app.id, app.name]));
  const body = {
    pipeline: { id: from.pipeline.id },
    source: { app: { id: from.app.id } },
    targets: targets.map(({ app }) => ({ app: { id: app.id } })),
  };
  const { id } = await client.call(createPromotion, { body }, signal);
  const look = () => client.call(listPromotionTargets, { params: { promotion: id } }, signal);
  const title = `Promoting ${from.app.name} to ${[...names.values()].sort().join(', ')} …`;
  const nameOf = ({ app }: PromotionTargetResource): string => names.get(app.id) ?? app.id;
  const found = waits(context)
    ? await during(terminal, title, () => untilOver(context, look)).catch((err: unknown) => {
        throw isGone(err) ? pipelineGone(from.pipeline.name, [...names.values()]) : err;
      })
    : await look();
  const ended = [...found].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const bad = ended.filter(({ status }) => status === 'failed');
  const untold = targets.filter(({ app }) => !found.some((one) => one.app.id === app.id));
  result(ended, () =>
    printTable(
      terminal,
      [
        ...ended.map((one) => [nameOf(one), one.status, one.error_message ?? '']),
        ...untold.map(({ app }) => [app.name, 'failed', 'the server does not tell of it any more']),
      ],
      { whole: [0] },
    ),
  );
  if (bad.length + untold.length === 0) return;
  const failed = bad.map(nameOf).join(', ');
  const unseen = untold.map(({ app }) => app.name).join(', ');
  throw new CommandError(
    [
      ...(bad.length > 0 ? [`The promotion to ${failed} failed; nothing was changed there.`] : []),
      ...(untold.length > 0
        ? [`What became of ${unseen} cannot be told: it is not yours to see any more.`]
        : []),
    ].join(' '),
  );
};

function isGone(err: unknown): boolean {
  return err instanceof ApiError && err.resource === 'pipeline_promotion';
}

/** With a pipeline go its promotions that are decided, maybe before it was looked how they ended. */
function pipelineGone(pipeline: string, apps: readonly string[]): CommandError {
  const look = apps.map((app) => `gantry releases -a ${app}`).join(', ');
  return new CommandError(
    `Pipeline ${pipeline} was destroyed before it could be told how the promotion ended; see ${look}.`,
  );
}

/** The apps that were named, or all of the next stage. */
async function targetsOf(
  { options, signal }: Context,
  client: Client,
  from: PipelineCouplingResource,
): Promise<readonly PipelineCouplingResource[]> {
  const input = { params: { pipeline: from.pipeline.id }, range: 'id ..; max=1000' };
  const all = await client.call(listPipelineCouplings, input, signal);
  const wanted = options
    .text('to')
    ?.split(',')
    .filter((name) => name !== '');
  if (wanted === undefined) {
    const next = stageAfter(from.app.name, from.stage);
    const found = all.filter(({ stage }) => stage === next);
    if (found.length > 0) return found;
    throw new CommandError(
      `There is no app in ${next} to which ${from.app.name} could be promoted; put one there with gantry pipelines:add ${from.pipeline.name}.`,
    );
  }
  return wanted.map((name) => {
    const found = all.find(({ app }) => [app.name, app.id].includes(name));
    if (found === undefined)
      throw new CommandError(
        `${name} is not in ${from.pipeline.name}; see gantry pipelines:info ${from.pipeline.name}.`,
      );
    if (found.app.id === from.app.id)
      throw new CommandError(`${name} cannot be promoted to itself; name another app.`);
    return found;
  });
}

async function untilOver(
  context: Context,
  look: () => Promise<readonly PromotionTargetResource[]>,
): Promise<readonly PromotionTargetResource[]> {
  const { terminal, now, signal } = context;
  const until = now().getTime() + GIVE_UP_MS;
  try {
    for (;;) {
      const targets = await throughRestarts(context, look);
      if (targets.every(({ status }) => status !== 'pending')) return targets;
      if (now().getTime() > until)
        throw new CommandError('It is still not decided; see gantry releases of the apps.');
      await pause(LOOK_EVERY_MS, signal);
    }
  } catch (err) {
    if (signal.aborted) terminal.note('Not waiting any longer; it goes on without you.');
    throw err;
  }
}
