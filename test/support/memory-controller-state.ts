import { SESSION_AFFINITY } from '../../server/domain/features.ts';
import type { ControllerState, DesiredApp, Rollout } from '../../server/ports/controller-state.ts';
import {
  deploymentsOf,
  failRelease,
  isUndecided,
  livingApp,
  storable,
  type MemoryApp,
  type MemoryDeployment,
  type MemoryWorld,
} from './memory-world.ts';
import { removePages } from './memory-transcripts.ts';

export function createMemoryControllerState(world: MemoryWorld): ControllerState {
  /** The deployment, while it is undecided and this epoch reigns. */
  const hold = (id: string, epoch: number): MemoryDeployment | undefined => {
    const deployment = world.deployments.get(id);
    return deployment && world.epoch === epoch && isUndecided(deployment) ? deployment : undefined;
  };
  return {
    async takeOver(_signal, above = 0) {
      world.epoch = Math.max(world.epoch, above) + 1;
      return Promise.resolve(world.epoch);
    },
    reigns: async (epoch) => Promise.resolve(world.epoch === epoch),
    async desired() {
      const apps = [...world.apps.values()].map((app) => desire(world, app));
      return Promise.resolve(apps.sort((a, b) => (a.app.id < b.app.id ? -1 : 1)));
    },
    async begin(id, epoch) {
      const deployment = hold(id, epoch);
      if (deployment?.status === 'pending')
        Object.assign(deployment, { status: 'rolling', startedAt: world.clock.now() });
      return Promise.resolve(deployment !== undefined);
    },
    async succeed(id, epoch, ledger) {
      const deployment = hold(id, epoch);
      if (deployment?.status !== 'rolling') return Promise.resolve(false);
      const now = world.clock.now();
      Object.assign(deployment, { status: 'succeeded', finishedAt: now, ledger: { ...ledger } });
      makeCurrent(world, deployment, now);
      return true;
    },
    async fail(id, epoch, reason) {
      const deployment = hold(id, epoch);
      if (!deployment) return Promise.resolve(false);
      const failure = storable(reason);
      Object.assign(deployment, { status: 'failed', failure, finishedAt: world.clock.now() });
      failRelease(world, deployment.releaseId, failure);
      return true;
    },
    async forget(appId, epoch) {
      if (world.epoch !== epoch || !world.apps.has(appId) || livingApp(world, appId))
        return Promise.resolve(false);
      const gone = new Set<string>();
      for (const table of [world.builds, world.deployments, world.releases]) {
        for (const [id, row] of table) {
          if (row.appId !== appId) continue;
          gone.add(id);
          table.delete(id);
        }
      }
      removePages(world, gone);
      return world.apps.delete(appId);
    },
  };
}

function desire(world: MemoryWorld, row: MemoryApp): DesiredApp {
  const deleting = row.deletedAt !== null;
  const current = row.currentId === null ? undefined : world.deployments.get(row.currentId);
  const undecided = deploymentsOf(world, row.id).filter(isUndecided);
  const spoilt = undecided.find(({ id }) => world.spoilt.has(id));
  const next = undecided.find(({ id }) => !world.spoilt.has(id));
  return {
    app: { id: row.id, name: row.name, network: row.network },
    deleting,
    unreadable: deleting ? null : row.unreadable,
    unreadableNext: deleting || !spoilt ? null : { deploymentId: spoilt.id, problem: 'it is spoilt' },
    formation: new Map(row.formation),
    maintenance: row.maintenance,
    affinity: row.features.has(SESSION_AFFINITY),
    domains: domainsOf(world, row.id),
    current: current && !deleting ? rollout(world, current) : null,
    next: next && !deleting ? rollout(world, next) : null,
  };
}

function domainsOf(world: MemoryWorld, appId: string): DesiredApp['domains'] {
  return [...world.domains.values()]
    .filter((domain) => domain.appId === appId)
    .map(({ hostname, certificateId }) => ({
      host: hostname,
      certificate: world.certificates.get(certificateId ?? '')?.digest ?? null,
    }))
    .sort((a, b) => (a.host < b.host ? -1 : 1));
}

function rollout(world: MemoryWorld, deployment: MemoryDeployment): Rollout {
  const release = world.releases.get(deployment.releaseId);
  if (!release?.image) throw new Error(`deployment ${deployment.id} has a release without image`);
  return {
    deployment: { ...deployment },
    fresh: release.status === 'pending',
    image: release.image,
    config: new Map(release.config),
  };
}

function makeCurrent(world: MemoryWorld, deployment: MemoryDeployment, now: Date): void {
  const app = world.apps.get(deployment.appId);
  const release = world.releases.get(deployment.releaseId);
  if (!app || !release) throw new Error(`deployment ${deployment.id} has lost its app or release`);
  const before = app.currentId === null ? undefined : world.deployments.get(app.currentId);
  Object.assign(release, { status: 'succeeded', updatedAt: now });
  Object.assign(app, { currentId: deployment.id, updatedAt: now });
  app.slugBytes = release.image?.storedBytes ?? null;
  if (before?.releaseId !== release.id) app.releasedAt = now;
  const types = Object.keys(release.image?.processes ?? {});
  const kept = new Map([...app.formation].filter(([type]) => types.includes(type)));
  if (kept.size === app.formation.size) return;
  Object.assign(app, { formation: kept, revision: app.revision + 1 });
}
