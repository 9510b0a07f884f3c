import type { Run } from '../../command.ts';
import { table } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const apps = await (await client()).apps(signal);
  result(apps, () => {
    if (apps.length === 0) terminal.note('There are no apps yet. Make one: gantry apps:create');
    for (const line of table(apps.map((app) => [app.name, app.web_url ?? '', app.owner.email])))
      terminal.print(line);
  });
};
