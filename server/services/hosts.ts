import type { Actor } from '../domain/actor.ts';
import type { Host } from '../domain/host.ts';
import type { Hosts as HostsPort } from '../ports/hosts.ts';
import { needAdmin } from './reach.ts';

/** What the machines are like is for those who look after them: tenants need not know each other's room. */
export interface Hosts {
  list(actor: Actor, signal: AbortSignal): Promise<readonly Host[]>;
}

export function createHosts(hosts: HostsPort): Hosts {
  return {
    async list(actor, signal) {
      needAdmin(actor, 'look at the machines');
      return await hosts.list(signal);
    },
  };
}
