import { listHosts } from '../../../server/contract/endpoints/hosts.ts';
import type { HostResource } from '../../../server/contract/host-resources.ts';
import { bytesText } from '../../bytes.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const hosts = await (await client()).call(listHosts, {}, signal);
  result(hosts, () => {
    const rows = hosts.map((host) => [
      host.name,
      host.hostname,
      host.engine ? terminal.paint('green', 'up') : terminal.paint('red', 'does not answer'),
      host.instances === null ? '?' : String(host.instances),
      `${host.cpus} (load ${host.load.toFixed(2)})`,
      free(terminal, host.memory),
      free(terminal, host.disk),
      `${host.platform} ${host.architecture}`,
    ]);
    const head = ['Host', 'Machine', 'Engine', 'Instances', 'Processors', 'Memory', 'Disk', 'System'];
    printTable(terminal, rows, { head, whole: [0, 2] });
  });
};

/** What is free of what there is; little is told in a colour. */
function free(terminal: Terminal, { total_bytes: total, free_bytes: left }: HostResource['disk']): string {
  const text = `${bytesText(left)} free of ${bytesText(total)}`;
  return left < total / 10 ? terminal.paint('red', text) : text;
}
