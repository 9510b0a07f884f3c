import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const apps = await (await client()).apps(signal);
  result(apps, () => {
    if (apps.length === 0) terminal.note('There are no apps yet. Make one: gantry apps:create');
    printTable(
      terminal,
      apps.map((app) => [app.name, app.web_url ?? '', app.owner.email]),
    );
  });
};
