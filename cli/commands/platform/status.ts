import { performance } from 'node:perf_hooks';
import { currentStatus } from '../../../server/contract/endpoints/elsewhere.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const api = await client();
  const begun = performance.now();
  const { status } = await api.call(currentStatus, {}, signal);
  const ms = Math.round(performance.now() - begun);
  const { email } = await api.account(signal);
  result({ url: api.url, milliseconds: ms, email, status }, () => {
    const rows = [
      ['Server', api.url],
      ['Answers', `in ${ms} ms`],
      ['You', email],
      ...status.map(({ system }) => [system, terminal.paint('green', 'no known issues')]),
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};
