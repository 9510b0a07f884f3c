import { showBuildpack, showBuildpackReadme } from '../../../server/contract/endpoints/options.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }, [name = '']) => {
  const api = await client();
  const params = { buildpack: name };
  const found = await api.call(showBuildpack, { params }, signal);
  const { content } = await api.call(showBuildpackReadme, { params }, signal);
  result(found, () => {
    terminal.print(`${found.full_name}  ${found.description}`);
    terminal.print('');
    for (const line of Buffer.from(content, 'base64').toString('utf8').trimEnd().split('\n')) terminal.print(line);
  });
};
