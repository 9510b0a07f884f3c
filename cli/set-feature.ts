import { updateFeature } from '../server/contract/endpoints/options.ts';
import type { Context } from './command.ts';

/** Switches a feature of the app; from when on that counts is in the feature's own description. */
export async function setFeature(
  { terminal, client, app: meant, result, signal }: Context,
  feature: string,
  change: { readonly enabled: boolean },
): Promise<void> {
  const params = { app: await meant(), feature };
  const now = await (await client()).call(updateFeature, { params, body: change }, signal);
  terminal.note(`${now.name} is ${now.enabled ? 'on' : 'off'} for ${params.app}.`);
  result(now, () => undefined);
}
