import type { Hosts } from '../../server/ports/hosts.ts';

const GB = 1024 ** 3;

/** One machine, half of which is used. */
export function createFakeHosts(): Hosts {
  return {
    list: () =>
      Promise.resolve([
        {
          ...{ name: 'local', hostname: 'machine', engine: true, instances: 3 },
          ...{ platform: 'linux', architecture: 'x64', cpus: 2, load: 0.5 },
          memory: { totalBytes: 8 * GB, freeBytes: 4 * GB },
          disk: { totalBytes: 100 * GB, freeBytes: 50 * GB },
          upSince: new Date('2026-11-20T10:00:00Z'),
        },
      ]),
  };
}
