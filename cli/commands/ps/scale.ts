import type { FormationResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import { during } from '../../during.ts';
import { UsageError } from '../../failures.ts';
import { followScale, patiently, waits } from '../../follow.ts';

export const run: Run = async (context, args) => {
  const { terminal, result, signal } = context;
  const changes = new Map(args.map(parseChange));
  const app = await context.app();
  const client = await context.client();
  const waiting = changes.size > 0 && waits(context);
  const before = waiting ? await client.dynos(app, signal) : [];
  const formation =
    changes.size === 0
      ? await client.formation(app, signal)
      : await patiently(context, () => client.scale(app, changes, signal));
  const changed = formation.filter(({ type }) => changes.has(type));
  if (changed.length > 0) {
    const doing = `Scaling ${app} to ${shown(changed)} …`;
    if (waiting) {
      await during(terminal, doing, () => followScale(context, app, changed, { before }));
      terminal.note(`Scaled ${app} to ${shown(changed)}.`);
    } else {
      terminal.note(doing);
    }
  }
  result(formation, () => {
    if (formation.length === 0)
      terminal.note(`Nothing is deployed to ${app} yet, so there is nothing to scale.`);
    else terminal.print(shown(formation));
  });
};

/** `web=2`, `web+1`, `web-1`; how many may be is for the server to say. */
function parseChange(text: string): [string, string] {
  const [, type, sign, number] = /^([A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?)([=+-])(\d+)$/.exec(text) ?? [];
  if (type === undefined || number === undefined) {
    throw new UsageError(`${text} is not a change such as web=2, web+1 or web-1.`);
  }
  return [type, sign === '=' ? number : `${sign ?? ''}${number}`];
}

function shown(formation: readonly FormationResource[]): string {
  return formation.map(({ type, quantity, size }) => `${type}=${quantity}:${size}`).join(' ');
}
