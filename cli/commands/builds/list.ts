import { listBuilds } from '../../../server/contract/endpoints/builds.ts';
import type { BuildResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import { wholeNumber } from '../../number.ts';
import { printTable } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal, now }) => {
  const max = wholeNumber('--num', options.text('num') ?? '15', { max: 1000 });
  const range = `created_at ..; max=${max}, order=desc`;
  const builds = await (await client()).call(listBuilds, { params: { app: await meant() }, range }, signal);
  result(builds, () => {
    if (builds.length === 0) terminal.note('Nothing was built yet. Deploy with git push, or gantry deploy.');
    const rows = builds.map((build) => [
      build.id,
      state(build, terminal),
      (build.source_blob.version ?? '').slice(0, 12),
      build.user.email,
      when(build.created_at, now()),
    ]);
    printTable(terminal, rows, { fields: ['Build', 'Status', 'Version', 'By', 'When'], whole: [0] });
  });
};

function state({ status }: BuildResource, terminal: Terminal): string {
  const colour = { succeeded: 'green', failed: 'red', pending: 'yellow' } as const;
  return terminal.paint(colour[status], status);
}
