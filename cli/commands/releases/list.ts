import type { ReleaseResource } from '../../../server/contract/resources.ts';
import type { Run } from '../../command.ts';
import { wholeNumber } from '../../number.ts';
import { printTable } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal, now }) => {
  const max = wholeNumber('--num', options.text('num') ?? '15', { max: 1000 });
  const releases = await (await client()).releases(await meant(), max, signal);
  result(releases, () => {
    const rows = releases.map((release) => [
      `v${release.version}`,
      state(release, terminal),
      release.description,
      release.user.email,
      when(release.created_at, now()),
    ]);
    printTable(terminal, rows, { fields: ['Release', 'State', 'Change', 'By', 'When'] });
  });
};

/** Every state but the usual one is said; the current release stands out most. */
function state(release: ReleaseResource, terminal: Terminal): string {
  if (release.current) return terminal.paint('green', 'current');
  if (release.status === 'failed') return terminal.paint('red', 'failed');
  if (release.status === 'pending') return terminal.paint('yellow', 'pending');
  return '';
}
