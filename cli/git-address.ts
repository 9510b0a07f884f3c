import type { Context } from './command.ts';
import { CommandError } from './failures.ts';
import type { AppResource } from '../server/contract/resources.ts';

/** Where git finds an app: over SSH, or, with `--https`, at the address of the API. */
export async function gitAddress({ options, client }: Context, app: AppResource): Promise<string> {
  if (!options.flag('https')) return app.git_url;
  const { url } = await client();
  const address = `${new URL(url).origin}/${app.name}.git`;
  if (/^https?:\/\/[A-Za-z0-9.:[\]-]+\/[a-z0-9-]+\.git$/.test(address)) return address;
  throw new CommandError(`${address} cannot be the address of a git remote.`);
}

/**
 * Points a git remote at an address. For one over HTTP git is told where its password comes from, and that it is nobody
 * else's to keep.
 */
export async function leadRemote(
  { git, options, signal }: Context,
  remote: string,
  address: string,
): Promise<void> {
  await git.setRemote(remote, address, signal);
  if (options.flag('https')) await git.setHelper(address, HELPER, signal);
}

/** Where git gets the password from. */
export const HELPER = '!gantry git:credentials';
