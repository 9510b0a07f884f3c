import type { AuditEntryResource } from '../../../server/contract/audit-resources.ts';
import { listAppAudit, listAudit } from '../../../server/contract/endpoints/audit.ts';
import type { Run } from '../../command.ts';
import { wholeNumber } from '../../number.ts';
import { printTable } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';
import { when } from '../../time.ts';

export const run: Run = async (context) => {
  const { terminal, options, result, now, signal } = context;
  const before = options.text('before');
  const query = {
    max: String(wholeNumber('--num', options.text('num') ?? '30', { max: 1000 })),
    ...(before !== undefined && { before: String(wholeNumber('--before', before, { max: 2 ** 40 })) }),
  };
  const client = await context.client();
  const entries = options.flag('all')
    ? await client.call(listAudit, { query }, signal)
    : await client.call(listAppAudit, { params: { app: await context.app() }, query }, signal);
  result(entries, () => {
    const rows = entries.map((entry) => [
      String(entry.seq),
      when(entry.at, now()),
      entry.actor.email,
      entry.action,
      outcome(entry, terminal),
      changed(entry),
    ]);
    printTable(terminal, rows, { fields: ['Entry', 'At', 'By', 'Action', 'Outcome', 'Changed'], whole: [0] });
  });
};

function outcome({ outcome: how, error }: AuditEntryResource, terminal: Terminal): string {
  if (how === 'succeeded') return '';
  const text = error === null ? how : `${how}: ${error}`;
  return terminal.paint(how === 'refused' ? 'yellow' : 'red', text);
}

/** `release v4, app formation` */
function changed({ changes }: AuditEntryResource): string {
  return changes
    .map(({ kind, action, before, after }) => {
      const version = after?.['version'];
      const name = typeof version === 'number' ? `${kind} v${version}` : kind;
      const columns =
        action === 'update' ? Object.keys(before ?? {}) : [action === 'create' ? 'new' : 'gone'];
      return [name, ...columns].join(' ');
    })
    .join(', ');
}
