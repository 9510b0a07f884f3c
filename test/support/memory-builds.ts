import type { Build, PushedBuild, Upload } from '../../server/domain/build.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Builds } from '../../server/ports/builds.ts';
import {
  deploymentsOf,
  livingApp,
  storable,
  supersedeBuilds,
  type MemoryBuild,
  type MemoryWorld,
} from './memory-world.ts';

export function createMemoryBuilds(world: MemoryWorld): Builds {
  /** Oldest first. */
  const buildsOf = (appId: string): MemoryBuild[] =>
    [...world.builds.values()].filter((build) => build.appId === appId);
  const mine = (id: string, epoch: number): MemoryBuild | undefined => {
    const build = world.builds.get(id);
    return build?.status === 'building' && build.epoch === epoch ? build : undefined;
  };
  const shapeAny = (build: MemoryBuild | undefined): Build | undefined => build && shape(world, build);

  return {
    async submit({ id, appId, userId, push, upload = null, buildpacks = null }, supersede) {
      if (!livingApp(world, appId)) throw PlatformError.of('not_found', { resource: 'app', name: appId });
      const before = shapeAny(world.builds.get(id));
      if (before) return Promise.resolve(before);
      supersedeBuilds(world, appId, supersede);
      const build: MemoryBuild = {
        ...{ id, appId, userId, status: 'queued', push: push && { ...push }, buildpacks, attempt: 0 },
        ...{ upload: upload && storableUpload(upload), failure: null, image: null },
        ...{ createdAt: world.clock.now(), finishedAt: null, epoch: null },
      };
      world.builds.set(id, build);
      return Promise.resolve(shape(world, build));
    },
    async cancel(id, reason) {
      const build = world.builds.get(id);
      if (!build || !livingApp(world, build.appId)) return Promise.resolve(false);
      return supersedeBuilds(world, build.appId, reason, id);
    },
    find: async (id) => Promise.resolve(shapeAny(world.builds.get(id))),
    list: async (appId) =>
      Promise.resolve(
        buildsOf(appId)
          .reverse()
          .map((build) => shape(world, build)),
      ),
    async waiting(epoch) {
      const waiting = [...world.builds.values()].filter((build) => isWaiting(build, epoch));
      const apps = waiting.map(({ appId }) => appId).filter((appId) => livingApp(world, appId));
      return Promise.resolve([...new Set(apps)]);
    },
    async claim(appId, epoch) {
      if (!livingApp(world, appId)) return Promise.resolve(undefined);
      const building = buildsOf(appId).find((build) => build.status === 'building');
      const next = building ?? buildsOf(appId).findLast((build) => build.status === 'queued');
      if (!next || !isWaiting(next, epoch)) return undefined;
      const again = next.epoch === epoch;
      Object.assign(next, { status: 'building', epoch, attempt: next.attempt + (again ? 0 : 1) });
      return shape(world, next);
    },
    async recordImage(id, epoch, image) {
      const build = mine(id, epoch);
      if (build) build.image = image;
      return Promise.resolve(build !== undefined);
    },
    async recordRelease(id, epoch, releaseId) {
      const build = mine(id, epoch);
      const release = world.releases.get(releaseId);
      if (!build || release?.appId !== build.appId) return Promise.resolve(false);
      if (release.buildId !== null && release.buildId !== id) return false;
      release.buildId = id;
      return true;
    },
    async settle(id, epoch, outcome) {
      const build = mine(id, epoch);
      if (!build) return Promise.resolve(false);
      const failure = outcome.status === 'failed' ? storable(outcome.failure) : null;
      Object.assign(build, { status: outcome.status, failure, finishedAt: world.clock.now() });
      return true;
    },
    async lastDeployed(appId) {
      const last = buildsOf(appId).findLast((build) => build.status === 'succeeded' && build.push !== null);
      return Promise.resolve(shapeAny(last) as PushedBuild | undefined);
    },
    async lastDeploys() {
      const last = new Map<string, string>();
      for (const { id, appId, status, push } of world.builds.values())
        if (status === 'succeeded' && push !== null) last.set(appId, id);
      return Promise.resolve(
        [...last].flatMap(([appId, buildId]) => {
          const app = livingApp(world, appId);
          return app ? [{ app: { id: app.id, name: app.name }, buildId }] : [];
        }),
      );
    },
  };
}

/** As PostgreSQL would keep it. */
function storableUpload({ checksum, version, description }: Upload): Upload {
  return {
    checksum,
    version: version && storable(version),
    description: description && storable(description),
  };
}

function isWaiting(build: MemoryBuild, epoch: number): boolean {
  return (
    build.status === 'queued' || (build.status === 'building' && build.epoch !== null && build.epoch <= epoch)
  );
}

function shape(world: MemoryWorld, row: MemoryBuild): Build {
  const { id, appId, userId, status, push, upload, buildpacks } = row;
  const { attempt, failure, image, createdAt, finishedAt } = row;
  const release = [...world.releases.values()].find((one) => one.buildId === id);
  const deployments = deploymentsOf(world, appId);
  return {
    ...{ id, appId, userId, status, push: push && { ...push }, upload, buildpacks },
    ...{ attempt, failure, image, createdAt, finishedAt },
    releaseId: release?.id ?? null,
    deploymentId: deployments.find((one) => one.releaseId === release?.id)?.id ?? null,
  };
}
