import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, app: meant, signal }, [version]) => {
  const api = await client();
  const app = await meant();
  const [newest] = version === undefined ? await api.releases(app, 1, signal) : [];
  const release = newest ?? (await api.release(app, version ?? '1', signal));
  if (release.output_stream_url === null) {
    terminal.note(`v${release.version} has no output: nothing of it was rolled out.`);
    return;
  }
  for await (const text of api.output(release.output_stream_url, signal)) terminal.raw(text);
};
