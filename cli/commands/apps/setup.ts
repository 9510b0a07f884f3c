import { resolve } from 'node:path';
import { pause } from '../../../lib/deadline.ts';
import { unpunctuated } from '../../../lib/trailing.ts';
import { createAppSetup, showAppSetup } from '../../../server/contract/endpoints/app-setups.ts';
import { showApp } from '../../../server/contract/endpoints/apps.ts';
import type { AppSetupResource } from '../../../server/contract/setup-resources.ts';
import { ApiError } from '../../../server/contract/transport.ts';
import { showBuildOutput } from '../../build-outcome.ts';
import type { Context, Options, Run } from '../../command.ts';
import { CommandError, UsageError } from '../../failures.ts';
import { waits } from '../../follow.ts';
import { sendSource } from '../../send-source.ts';
import { readSourceTree } from '../../source-tree.ts';
import { throughRestarts } from '../../through-restarts.ts';

const LOOK_MS = 300;

export const run: Run = async (context, [source = '.']) => {
  const { terminal, result, signal } = context;
  const env = envOf(context.options); // what is wrong with it is told before anything is sent
  const blob = await blobOf(context, source);
  const client = await context.client();
  const body = { ...wishOf(context.options, env), source_blob: blob };
  const begun = await client.call(createAppSetup, { body }, signal);
  terminal.note(`Created ${begun.app.name}.`);
  const setup = waits(context) ? await follow(context, begun) : begun;
  const app = await client.call(showApp, { params: { app: setup.app.id } }, signal);
  result(setup, () => terminal.print(setup.resolved_success_url ?? app.web_url ?? app.name));
};

async function blobOf(context: Context, source: string): Promise<{ url: string; checksum?: string }> {
  const checksum = context.options.text('checksum');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source))
    return { url: source, ...(checksum !== undefined && { checksum }) };
  if (checksum !== undefined) throw new UsageError('--checksum is about an archive at an address.');
  const tree = await readSourceTree(resolve(context.cwd, source), context.signal);
  for (const note of tree.notes) context.terminal.note(note);
  if (!tree.entries.some(({ path, kind }) => path === 'app.json' && kind === 'file'))
    throw new CommandError(
      `There is no app.json in ${source}, which would say how the app is set up; without one: gantry apps:create, then gantry deploy.`,
    );
  return { url: await sendSource(context, tree) };
}

function wishOf(options: Options, env: Readonly<Record<string, string>>) {
  const [name, team, buildpack] = [options.text('name'), options.text('team'), options.text('buildpack')];
  const app = { ...(name !== undefined && { name }), ...(team !== undefined && { organization: team }) };
  const overrides = { env, ...(buildpack !== undefined && { buildpacks: [{ url: buildpack }] }) };
  return { app, overrides };
}

function envOf(options: Options): Record<string, string> {
  const pairs = (options.text('env') ?? '').split('\0').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new UsageError(`--env takes NAME=value, and ${pair} is none.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** Shows what happens as it happens, and stays until it is decided; a setup that failed is a CommandError. */
async function follow(context: Context, begun: AppSetupResource): Promise<AppSetupResource> {
  const { terminal, signal } = context;
  const client = await context.client();
  try {
    for (let shown = false; ;) {
      const look = () => client.call(showAppSetup, { params: { setup: begun.id } }, signal);
      const now = await throughRestarts(context, look);
      if (!shown && now.build) {
        shown = true;
        await showBuildOutput(context, now.build);
      } else if (now.status === 'pending') await pause(LOOK_MS, signal);
      else return await conclude(context, now);
    }
  } catch (err) {
    if (signal.aborted)
      terminal.note(
        `Not waiting any longer; it goes on without you. gantry apps:info ${begun.app.name} shows the app.`,
      );
    throw err;
  }
}

async function conclude(context: Context, setup: AppSetupResource): Promise<AppSetupResource> {
  const { terminal } = context;
  const { status, app, manifest_errors: sentences, postdeploy, failure_message: failure } = setup;
  for (const sentence of sentences)
    if (failure?.includes(sentence.replace(/\.$/, '')) !== true) terminal.note(`app.json: ${sentence}`);
  if (postdeploy) {
    terminal.note('The postdeploy command printed:');
    for (const line of postdeploy.output.replace(/\n$/, '').split('\n')) terminal.note(`    ${line}`);
  }
  if (status !== 'failed') return setup;
  const reason = unpunctuated(failure ?? 'the reason was not recorded');
  const rest = (await isThere(context, app.id))
    ? ` The app is there; gantry apps:destroy ${app.name} removes it.`
    : '';
  throw new CommandError(`${app.name} was not set up: ${reason}.${rest}`);
}

/** A setup that failed before anything was built has taken its app with it. */
async function isThere({ client, signal }: Context, app: string): Promise<boolean> {
  try {
    await (await client()).call(showApp, { params: { app } }, signal);
    return true;
  } catch (err) {
    if (err instanceof ApiError && err.status === 404) return false;
    throw err;
  }
}
