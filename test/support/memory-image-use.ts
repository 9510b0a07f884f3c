import { isBuilding, outdatedImages, type ImageHistory } from '../../server/domain/image-use.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type { ImageUse } from '../../server/ports/image-use.ts';
import { deploymentsOf, isUndecided, livingApp, releasesOf, type MemoryWorld } from './memory-world.ts';

export function createMemoryImageUse(world: MemoryWorld): ImageUse {
  return {
    async histories() {
      const living = [...world.apps.values()].filter((app) => app.deletedAt === null);
      const ids = living.map((app) => app.id).sort();
      return Promise.resolve(ids.map((id) => historyOf(world, id)));
    },
    async retire(appId, keep, epoch) {
      if (world.epoch !== epoch || !livingApp(world, appId)) return Promise.resolve(null);
      const history = historyOf(world, appId);
      if (isBuilding(history)) return null;
      const outdated = new Set(outdatedImages(history, keep));
      for (const release of releasesOf(world, appId))
        if (release.image && outdated.has(nameOf(release.image))) release.collectedAt = world.clock.now();
      return historyOf(world, appId);
    },
  };
}

const nameOf = ({ repository, digest }: BuiltImage): string => `${repository}@${digest}`;

function historyOf(world: MemoryWorld, appId: string): ImageHistory {
  const { currentId } = world.apps.get(appId) ?? { currentId: null };
  const builds = [...world.builds.values()];
  const last = builds.findLastIndex((build) => build.appId === appId);
  const promotions = [...world.promotions.values()].filter((one) => world.pipelines.has(one.pipelineId));
  const targets = promotions.flatMap((one) => one.targets.filter((target) => target.appId === appId));
  /** What waits to be copied from here. */
  const leaving = promotions.filter(
    ({ source, targets: all }) =>
      source.appId === appId && all.some(({ status, image }) => status === 'pending' && image === null),
  );
  const there = releasesOf(world, appId).filter((release) => release.collectedAt === null);
  return {
    appId,
    releases: there.flatMap(({ image, status }) => (image ? [{ image: nameOf(image), status }] : [])),
    deployed: deploymentsOf(world, appId)
      .filter((one) => isUndecided(one) || one.id === currentId)
      .map(({ releaseId }) => releaseId)
      .concat(leaving.map(({ source }) => source.releaseId))
      .flatMap((releaseId) => there.find((one) => one.id === releaseId)?.image ?? [])
      .map(nameOf),
    building: [
      ...builds.filter((build) => build.appId === appId && build.status === 'building'),
      ...targets.filter(({ status }) => status === 'pending'),
    ].map(({ image }) => image && nameOf(image)),
    lastBuild: last === -1 ? null : last,
    promotions: targets.length,
  };
}
