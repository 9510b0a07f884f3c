import { listBuildpackRevisions } from '../../../server/contract/endpoints/options.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }, [name = '']) => {
  const params = { buildpack: name };
  const revisions = await (await client()).call(listBuildpackRevisions, { params }, signal);
  result(revisions, () =>
    printTable(
      terminal,
      revisions.map((one) => [String(one.version), one.release, one.status]),
    ),
  );
};
