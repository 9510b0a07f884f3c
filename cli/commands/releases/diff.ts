import { showReleaseConfigVars } from '../../../server/contract/endpoints/config-vars.ts';
import { showSlug } from '../../../server/contract/endpoints/builds.ts';
import type { ReleaseResource } from '../../../server/contract/resources.ts';
import type { Context, Run } from '../../command.ts';
import { CommandError, UsageError } from '../../failures.ts';

/** One release, with all that can differ. */
interface Side {
  readonly release: ReleaseResource;
  readonly image: string | null;
  readonly processes: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, string>>;
}

export const run: Run = async (context, [from, to]) => {
  const { terminal, options, result } = context;
  const app = await context.app();
  const [older, newer] = await pair(context, app, from, to);
  const shown = options.flag('values') ? (value: string) => value : () => '••••••';
  const diff = {
    from: older.release.version,
    to: newer.release.version,
    image: older.image === newer.image ? null : { from: older.image, to: newer.image },
    processes: changes(older.processes, newer.processes, (command) => command),
    config: changes(older.config, newer.config, shown),
  };
  result(diff, () => {
    terminal.print(`--- v${diff.from}  ${older.release.description}`);
    terminal.print(`+++ v${diff.to}  ${newer.release.description}`);
    if (diff.image !== null) {
      terminal.print(terminal.paint('red', `- image ${diff.image.from ?? 'none'}`));
      terminal.print(terminal.paint('green', `+ image ${diff.image.to ?? 'none'}`));
    }
    for (const [what, changed] of [
      ['process', diff.processes],
      ['config', diff.config],
    ] as const)
      for (const { name, from: before, to: after } of changed) {
        if (before !== null) terminal.print(terminal.paint('red', `- ${what} ${name}=${before}`));
        if (after !== null) terminal.print(terminal.paint('green', `+ ${what} ${name}=${after}`));
      }
    if (diff.image === null && diff.processes.length + diff.config.length === 0)
      terminal.note('Nothing differs.');
  });
};

/** Two that are named; else one and the current one; else the newest and the one before it. */
async function pair(
  context: Context,
  app: string,
  from: string | undefined,
  to: string | undefined,
): Promise<[Side, Side]> {
  const client = await context.client();
  const recent = await client.releases(app, 2, context.signal);
  const [newest, before] = recent;
  if (newest === undefined) throw new CommandError(`${app} has no release.`);
  const one = (name: string): Promise<ReleaseResource> => client.release(app, name, context.signal);
  const older = from === undefined ? before : await one(from);
  if (older === undefined) throw new UsageError(`${app} has one release only; there is nothing to compare.`);
  const newer = to === undefined ? newest : await one(to);
  return [await sideOf(context, app, older), await sideOf(context, app, newer)];
}

async function sideOf(context: Context, app: string, release: ReleaseResource): Promise<Side> {
  const client = await context.client();
  const { signal } = context;
  const config = await client.call(showReleaseConfigVars, { params: { app, release: release.id } }, signal);
  if (release.slug === null) return { release, image: null, processes: {}, config };
  const slug = await client.call(showSlug, { params: { app, slug: release.slug.id } }, signal);
  return { release, image: slug.checksum, processes: slug.process_types, config };
}

function changes(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  show: (value: string) => string,
) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, from: told(before[name], show), to: told(after[name], show) }));
}

function told(value: string | undefined, show: (value: string) => string): string | null {
  return value === undefined ? null : show(value);
}
