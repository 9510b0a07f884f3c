import { listHosts } from '../../contract/endpoints/hosts.ts';
import type { HostResource } from '../../contract/host-resources.ts';
import type { Host } from '../../domain/host.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { wireTime } from '../shapes.ts';

export function hostRoutes(hosts: Services['hosts']): readonly Route[] {
  return [
    route(listHosts, async ({ actor, signal }) => ({ body: (await hosts.list(actor, signal)).map(shape) })),
  ];
}

function shape({ memory, disk, upSince, ...rest }: Host): HostResource {
  const room = ({ totalBytes, freeBytes }: Host['disk']) => ({
    total_bytes: totalBytes,
    free_bytes: freeBytes,
  });
  return { ...rest, memory: room(memory), disk: room(disk), up_since: wireTime(upSince) };
}
