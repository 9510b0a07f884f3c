import { listPipelineCouplings, showAppCoupling } from '../../../server/contract/endpoints/pipelines.ts';
import { showSlug } from '../../../server/contract/endpoints/builds.ts';
import type { Client } from '../../../server/contract/client.ts';
import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';
import { stageAfter } from '../../stage.ts';
import { printTable } from '../../table.ts';

/** What an app runs, and whether it is what the app upstream runs. */
export const run: Run = async ({ terminal, client, app: meant, result, signal }) => {
  const api = await client();
  const from = await api.call(showAppCoupling, { params: { app: await meant() } }, signal);
  const next = stageAfter(from.app.name, from.stage);
  const input = { params: { pipeline: from.pipeline.id }, range: 'id ..; max=1000' };
  const targets = (await api.call(listPipelineCouplings, input, signal)).filter(
    ({ stage }) => stage === next,
  );
  if (targets.length === 0)
    throw new CommandError(`There is no app in ${next} to which ${from.app.name} could be promoted.`);
  const here = await runs(api, from.app.name, signal);
  const others = await Promise.all(targets.map(({ app }) => runs(api, app.name, signal)));
  const compared = others.map((one) => ({ ...one, same: isSame(one, here) }));
  result({ source: here, targets: compared }, () => {
    printTable(terminal, [
      [here.app, from.stage, here.release, here.commit?.slice(0, 7) ?? '', ''],
      ...compared.map((one) => [
        ...[one.app, next, one.release, one.commit?.slice(0, 7) ?? ''],
        one.same ? 'up to date' : `${from.app.name} can be promoted to it`,
      ]),
    ]);
  });
};

/** One commit that was built twice gives two images; what came without git has no commit. */
function isSame(a: Runs, b: Runs): boolean {
  return (a.commit !== null && a.commit === b.commit) || (a.image !== null && a.image === b.image);
}

type Runs = Awaited<ReturnType<typeof runs>>;

async function runs(api: Client, app: string, signal: AbortSignal) {
  const current = (await api.releases(app, 1000, signal)).find((one) => one.current);
  const params = { app, slug: current?.slug?.id ?? '' };
  const slug = current?.slug ? await api.call(showSlug, { params }, signal) : undefined;
  return {
    app,
    release: current === undefined ? 'nothing' : `v${current.version}`,
    commit: slug?.commit ?? null,
    image: slug?.checksum ?? null,
  };
}
