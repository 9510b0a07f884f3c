import { listApps, listOwnApps } from '../../../server/contract/endpoints/apps.ts';
import { listTeamApps } from '../../../server/contract/endpoints/teams.ts';
import type { AppResource } from '../../../server/contract/resources.ts';
import type { Context, Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';
import { printTable } from '../../table.ts';

export const run: Run = async (context) => {
  const { terminal, result, options } = context;
  const apps = await wanted(context);
  result(apps, () => {
    if (apps.length === 0)
      terminal.note(
        options.text('team') === undefined
          ? 'There are no apps yet. Make one: gantry apps:create'
          : 'You see no apps of that team. Make one: gantry apps:create --team NAME',
      );
    printTable(
      terminal,
      apps.map((app) => [app.name, app.web_url ?? '', app.owner.email, stateOf(app)]),
      { fields: ['App', 'URL', 'Owner', 'State'], whole: [0] },
    );
  });
};

async function wanted({ client, options, signal }: Context): Promise<readonly AppResource[]> {
  const team = options.text('team');
  const narrowed = [options.flag('all'), options.flag('personal'), team !== undefined];
  if (narrowed.filter(Boolean).length > 1)
    throw new UsageError('--all, --personal and --team exclude each other; give one of them.');
  const api = await client();
  if (team !== undefined) return api.call(listTeamApps, { params: { team } }, signal);
  if (options.flag('all')) return api.call(listApps, {}, signal);
  const own = await api.call(listOwnApps, {}, signal);
  return options.flag('personal') ? own.filter((app) => app.team === null) : own;
}

function stateOf({ locked, maintenance }: AppResource): string {
  return [locked && 'locked', maintenance && 'maintenance'].filter(Boolean).join(', ');
}
