import { showReleaseConfigVars } from '../../../server/contract/endpoints/config-vars.ts';
import type { ReleaseResource } from '../../../server/contract/resources.ts';
import type { Context, Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';
import { shellWord } from '../../../lib/shell-word.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async (context, [version]) => {
  const { terminal, result, options, now, signal } = context;
  const app = await context.app();
  const release = await find(context, app, version);
  if (options.flag('shell') && !options.flag('json')) {
    await printConfig(context, app, release);
    return;
  }
  const deployment = await (await context.client()).deployment(app, release.id, signal);
  const { ledger } = deployment ?? {};
  result({ release, deployment }, () => {
    const rows = [
      ['Version', `v${release.version}${release.current ? ' (current)' : ''}`],
      ['Status', release.status],
      ...(release.failure === null ? [] : [['Reason', release.failure]]),
      ['Change', release.description],
      ['By', release.user.email],
      ['When', when(release.created_at, now())],
      ...(ledger
        ? [
            [
              'Rollout',
              `boot ${ledger.boot_ms} ms, switch ${ledger.switch_ms} ms, ${ledger.requests} requests meanwhile, ${ledger.dropped} dropped`,
            ],
          ]
        : []),
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};

async function find(
  { client, signal }: Context,
  app: string,
  version: string | undefined,
): Promise<ReleaseResource> {
  const api = await client();
  if (version !== undefined) return api.release(app, version, signal);
  const [newest] = await api.releases(app, 1, signal);
  if (newest === undefined) throw new CommandError(`${app} has no release.`);
  return newest;
}

async function printConfig(
  { terminal, client, signal }: Context,
  app: string,
  { version }: ReleaseResource,
): Promise<void> {
  const params = { app, release: `v${version}` };
  const config = await (await client()).call(showReleaseConfigVars, { params }, signal);
  for (const name of Object.keys(config).sort()) terminal.raw(`${name}=${shellWord(config[name] ?? '')}\n`);
}
