import { verifyAudit } from '../../../server/contract/endpoints/audit.ts';
import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const verdict = await (await client()).call(verifyAudit, {}, signal);
  result(verdict, () => {
    if (verdict.ok) terminal.print(`The audit trail is whole: ${verdict.rows} rows.`);
  });
  if (verdict.fault !== null)
    throw new CommandError(
      `The audit trail was tampered with: ${verdict.fault.problem}; restore the database from a backup to see what it said.`,
    );
};
