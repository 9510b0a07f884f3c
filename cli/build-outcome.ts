import { pause } from '../lib/deadline.ts';
import { unpunctuated } from '../lib/trailing.ts';
import { showBuild } from '../server/contract/endpoints/builds.ts';
import type { BuildResource } from '../server/contract/resources.ts';
import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import type { Context } from './command.ts';
import { CommandError } from './failures.ts';
import { throughRestarts } from './through-restarts.ts';

const LOOK_MS = 300;

/**
 * Shows what a build says as it says it, and stays until it is decided, whatever the app is called meanwhile; one that
 * failed is a CommandError.
 */
export async function followBuild(
  context: Context,
  app: string,
  build: BuildResource,
): Promise<BuildResource> {
  const client = await context.client();
  try {
    await showBuildOutput(context, build);
    for (;;) {
      const params = { app: build.app.id, build: build.id };
      const now = await throughRestarts(context, () => client.call(showBuild, { params }, context.signal));
      if (now.status === 'failed')
        throw new CommandError(
          `Nothing was deployed: ${unpunctuated(now.failure ?? 'the reason was not recorded')}.`,
        );
      if (now.status === 'succeeded') return now;
      await pause(LOOK_MS, context.signal);
    }
  } catch (err) {
    if (context.signal.aborted)
      context.terminal.note(
        `Not waiting any longer; it goes on without you. gantry builds:cancel -a ${app} ends it.`,
      );
    throw err;
  }
}

/** The lines of a build, from the first on; a stream that breaks costs only its text. */
export async function showBuildOutput(
  context: Context,
  build: Pick<BuildResource, 'output_stream_url'>,
): Promise<void> {
  const { textLines } = await import('../server/contract/sse.ts');
  const client = await context.client();
  try {
    for await (const line of textLines(client.output(build.output_stream_url, context.signal)))
      context.terminal.note(line);
  } catch (err) {
    if (context.signal.aborted || !(err instanceof ApiError || err instanceof UnreachableError)) throw err;
  }
}
