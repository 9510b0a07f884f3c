import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';
import { whichBuild } from '../../which-build.ts';

export const run: Run = async (context, [id]) => {
  const { terminal, result, now } = context;
  const build = await whichBuild(context, await context.app(), id);
  result(build, () => {
    const { version, version_description: description } = build.source_blob;
    const rows = [
      ['Build', build.id],
      ['Status', build.status],
      ...(build.failure === null ? [] : [['Reason', build.failure]]),
      ...(version === null ? [] : [['Source', version]]),
      ...(description === null ? [] : [['About', description]]),
      ...(build.buildpacks === null
        ? []
        : [['Buildpacks', build.buildpacks.map(({ name }) => name).join(', ')]]),
      ['By', build.user.email],
      ['When', when(build.created_at, now())],
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};
