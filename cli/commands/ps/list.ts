import type { DynoResource, FormationResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import type { Colour } from '../../terminal.ts';
import { CommandError } from '../../failures.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

/** The type of every one-off process. */
const RUN = 'run';
const ONE_OFF = ': one-off processes';

const COLOUR: Readonly<Record<DynoResource['state'], Colour>> = {
  up: 'green',
  starting: 'yellow',
  crashed: 'red',
  down: 'gray',
};

export const run: Run = async ({ terminal, client, app: meant, result, options, signal, now }, only) => {
  const api = await client();
  const app = await meant();
  const all = (await api.dynos(app, signal)).filter((dyno) => !isFinishedRun(dyno));
  const whole = await api.formation(app, signal);
  const known = new Set([...whole.map(({ type }) => type), ...all.map(({ type }) => type)]);
  const missing = only.filter((type) => !known.has(type) && type !== RUN);
  if (missing.length > 0)
    throw new CommandError(
      `${app} has no processes of the type ${missing.join(', ')}; it has ${[...known].join(', ') || 'none'}.`,
    );
  const isWanted = ({ type }: { readonly type: string }): boolean => only.length === 0 || only.includes(type);
  const [dynos, formation] = [all.filter(isWanted), whole.filter(isWanted)];
  result(dynos, () => {
    if (only.includes(RUN) && !known.has(RUN)) terminal.note(`No one-off process of ${app} runs.`);
    if (whole.length === 0)
      terminal.note(`Nothing is deployed to ${app} yet. Deploy with: git push gantry main`);
    const types = new Set([...formation.map(({ type }) => type), ...dynos.map(({ type }) => type)]);
    for (const type of types) {
      const own = dynos.filter((dyno) => dyno.type === type);
      const wanted = formation.find((entry) => entry.type === type);
      const oneOff = wanted === undefined && type === RUN;
      terminal.print(`=== ${terminal.paint('cyan', type)}${oneOff ? ONE_OFF : about(wanted, own)}`);
      const rows = own.map((dyno) => [
        dyno.name,
        terminal.paint(COLOUR[dyno.state], dyno.state),
        `v${dyno.release.version}`,
        when(dyno.updated_at, now()),
        ...(oneOff ? [dyno.command] : []),
      ]);
      printTable(terminal, rows, { whole: [0], wide: options.declined('wrap') });
    }
  });
};

/** What is wanted of a process type; of one that no release has any more, what still runs of it. */
function about(wanted: FormationResource | undefined, own: readonly DynoResource[]): string {
  const command = wanted?.command ?? own[0]?.command ?? '';
  return ` (${wanted?.size ?? 'gone'}): ${command} (${wanted?.quantity ?? 0})`;
}

/** What is over is told by the log; here it would look as if a process were missing. */
function isFinishedRun({ type, state }: DynoResource): boolean {
  return type === RUN && state === 'down';
}
