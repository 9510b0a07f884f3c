import { updateApp } from '../server/contract/endpoints/apps.ts';
import type { Context } from './command.ts';

/** Switches the maintenance page of the app that is meant on or off. */
export async function setMaintenance(context: Context, on: boolean): Promise<void> {
  const { terminal, client, result, signal } = context;
  const params = { app: await context.app() };
  const app = await (await client()).call(updateApp, { params, body: { maintenance: on } }, signal);
  terminal.note(`Maintenance of ${app.name} is ${app.maintenance ? 'on' : 'off'}.`);
  result(app, () => undefined);
}
