import { resolve } from 'node:path';
import { createBuild } from '../../../server/contract/endpoints/builds.ts';
import { followBuild } from '../../build-outcome.ts';
import type { Context, Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';
import { waits } from '../../follow.ts';
import { judgeSource } from '../../judge-source.ts';
import { count, sendSource, size } from '../../send-source.ts';
import { readSourceTree, type SourceTree } from '../../source-tree.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context, [folder = '.']) => {
  const { terminal, options, result, signal } = context;
  const app = await context.app();
  const root = resolve(context.cwd, folder);
  const tree = await readSourceTree(root, signal);
  for (const note of tree.notes) terminal.note(note);
  judgeSource(tree);
  if (options.flag('plan')) return showPlan(context, app, tree);

  const client = await context.client();
  const url = await sendSource(context, tree);
  const version = options.text('version');
  const body = { source_blob: { url, ...(version !== undefined && { version }) } };
  const build = await client.call(createBuild, { params: { app }, body }, signal);
  const ended = waits(context) ? await followBuild(context, app, build) : build;
  result(ended, () => undefined);
};

/** What would happen, as far as it can be known before it is built. Throws CommandError when that is a failure. */
async function showPlan(context: Context, app: string, tree: SourceTree): Promise<void> {
  const { terminal, result, signal } = context;
  const client = await context.client();
  const [newest] = await client.releases(app, 1, signal);
  const formation = await client.formation(app, signal);
  const plan = {
    app,
    detected: detected(tree),
    files: tree.entries.filter(({ kind }) => kind === 'file').length,
    bytes: tree.bytes,
    release: (newest?.version ?? 0) + 1,
    restarts: formation
      .filter(({ quantity }) => quantity > 0)
      .map(({ type, quantity }) => ({ type, quantity })),
  };
  result(plan, () => {
    const restarts = plan.restarts.map(({ type, quantity }) => `${type}=${quantity}`).join(' ');
    printTable(terminal, [
      ['App', app],
      ['Build', plan.detected ?? 'nothing here looks like an app that can be built'],
      ['Source', `${count(plan.files, 'file')}, ${size(plan.bytes)}`],
      ['Release', `v${plan.release}, if nothing else is released before`],
      [
        'Replaced',
        restarts === ''
          ? 'nothing runs; a web process would start'
          : `${restarts}, one by one, without a gap`,
      ],
    ]);
  });
  if (plan.detected === null)
    throw new CommandError(
      `${app} would not be built: at the root of a source there is a Dockerfile, a package.json or an index.html.`,
    );
}

/** By the files at the root, as the build looks at them; the buildpacks chosen for the app come first there. */
function detected({ entries }: SourceTree): string | null {
  const has = (path: string): boolean =>
    entries.some((entry) => entry.path === path && entry.kind === 'file');
  if (has('Dockerfile')) return 'Dockerfile';
  if (has('package.json')) return 'Node.js';
  if (['static.json', 'index.html', 'public/index.html'].some(has)) return 'static site';
  return null;
}
