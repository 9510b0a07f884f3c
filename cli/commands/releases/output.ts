import { textLines } from '../../../server/contract/sse.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, options, signal }, [version]) => {
  const api = await client();
  const app = await meant();
  const [newest] = version === undefined ? await api.releases(app, 1, signal) : [];
  const release = newest ?? (await api.release(app, version ?? '1', signal));
  const deployment = await api.deployment(app, release.id, signal);
  if (deployment === null) {
    terminal.note(`v${release.version} has no output: nothing of it was rolled out.`);
    return;
  }
  const output = api.output(deployment.output_stream_url, signal);
  if (options.flag('json')) {
    for await (const text of textLines(output)) terminal.raw(`${JSON.stringify({ text })}\n`);
  } else {
    for await (const text of output) terminal.raw(text);
  }
};
