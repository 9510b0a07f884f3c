import { updateTeamApp } from '../server/contract/endpoints/team-apps.ts';
import type { Context } from './command.ts';

/** Says whether members of its team may join the app that is meant by themselves. */
export async function lockApp(context: Context, locked: boolean): Promise<void> {
  const { terminal, client, result, signal } = context;
  const params = { app: await context.app() };
  const app = await (await client()).call(updateTeamApp, { params, body: { locked } }, signal);
  terminal.note(`Members of ${app.team?.name ?? 'its team'} may ${locked ? 'not ' : ''}join ${app.name}.`);
  result(app, () => undefined);
}
