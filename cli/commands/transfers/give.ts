import { updateTeamApp } from '../../../server/contract/endpoints/team-apps.ts';
import { offerApp } from '../../../server/contract/endpoints/transfers.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context, [recipient = '']) => {
  const { terminal, client, result, options, signal } = context;
  const api = await client();
  const app = await api.app(await context.app(), signal);
  const toPerson = recipient.includes('@');
  if (toPerson && app.team === null) {
    const offer = await api.call(offerApp, { body: { app: app.id, recipient } }, signal);
    terminal.note(
      `Offered ${offer.app.name} to ${offer.recipient.email}, who has it after gantry apps:transfers:accept ${offer.app.name}.`,
    );
    result(offer, () => undefined);
    return;
  }
  if (toPerson)
    await confirm(context, app.name, `This takes ${app.name} from its team and gives it to ${recipient}.`);
  const params = { app: app.id };
  let given = await api.call(updateTeamApp, { params, body: { owner: recipient } }, signal);
  if (options.flag('locked'))
    given = await api.call(updateTeamApp, { params, body: { locked: true } }, signal);
  terminal.note(`${given.name} belongs to ${given.team?.name ?? given.owner.email} now.`);
  result(given, () => undefined);
};
