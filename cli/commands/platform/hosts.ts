import { listHosts } from '../../../server/contract/endpoints/hosts.ts';
import type { HostResource } from '../../../server/contract/host-resources.ts';
import { bytesText } from '../../bytes.ts';
import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';
import type { Terminal } from '../../terminal.ts';

export const run: Run = async ({ terminal, client, result, signal, now }) => {
  const hosts = await (await client()).call(listHosts, {}, signal);
  result(hosts, () => {
    hosts.forEach((host, at) => {
      if (at > 0) terminal.print('');
      terminal.print(`=== ${terminal.paint('cyan', host.name)}`);
      printTable(terminal, rowsOf(terminal, host, now()), { whole: [0, 1] });
    });
  });
};

function rowsOf(terminal: Terminal, host: HostResource, now: Date): readonly (readonly string[])[] {
  return [
    ['Machine', `${host.hostname}, ${host.platform} ${host.architecture}`],
    ['Engine', host.engine ? terminal.paint('green', 'up') : terminal.paint('red', 'does not answer')],
    ['Instances', host.instances === null ? 'not known' : String(host.instances)],
    ['Processors', `${host.cpus}, load ${host.load.toFixed(2)}`],
    ['Memory', free(terminal, host.memory)],
    ['Disk', free(terminal, host.disk)],
    ['Up since', when(host.up_since, now)],
  ];
}

/** What is free of what there is; little is told in a colour. */
function free(terminal: Terminal, { total_bytes: total, free_bytes: left }: HostResource['disk']): string {
  const text = `${bytesText(left)} free of ${bytesText(total)}`;
  return left < total / 10 ? terminal.paint('red', text) : text;
}
