import type { DynoResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import type { Colour } from '../../terminal.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

const COLOUR: Readonly<Record<DynoResource['state'], Colour>> = {
  up: 'green',
  starting: 'yellow',
  crashed: 'red',
  down: 'gray',
};

export const run: Run = async ({ terminal, client, app: meant, result, signal, now }) => {
  const api = await client();
  const app = await meant();
  const dynos = await api.dynos(app, signal);
  const formation = await api.formation(app, signal);
  result(dynos, () => {
    if (formation.length === 0)
      terminal.note(`Nothing is deployed to ${app} yet. Deploy with: git push gantry main`);
    const types = new Set([...formation.map(({ type }) => type), ...dynos.map(({ type }) => type)]);
    for (const type of types) {
      const own = dynos.filter((dyno) => dyno.type === type);
      const wanted = formation.find((entry) => entry.type === type);
      const command = wanted?.command ?? own[0]?.command ?? '';
      terminal.print(
        `=== ${terminal.paint('cyan', type)} (${wanted?.size ?? 'gone'}): ${command} (${wanted?.quantity ?? 0})`,
      );
      const rows = own.map((dyno) => [
        dyno.name,
        terminal.paint(COLOUR[dyno.state], dyno.state),
        `v${dyno.release.version}`,
        when(dyno.updated_at, now()),
      ]);
      printTable(terminal, rows);
    }
  });
};
