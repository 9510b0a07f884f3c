import { textLines } from '../../../server/contract/sse.ts';
import type { Run } from '../../command.ts';
import { whichBuild } from '../../which-build.ts';

/** Here the output is the result: one that breaks off is a failure. */
export const run: Run = async (context, [id]) => {
  const build = await whichBuild(context, await context.app(), id);
  const { terminal, options, client, signal } = context;
  const output = (await client()).output(build.output_stream_url, signal);
  for await (const text of textLines(output)) {
    if (options.flag('json')) terminal.raw(`${JSON.stringify({ text })}\n`);
    else terminal.print(text);
  }
};
