import type { Logger } from '../../lib/log.ts';
import { PlatformError } from '../domain/errors.ts';
import { keptImages, type ImageHistory } from '../domain/image-use.ts';
import { repositoryOf } from '../domain/release.ts';
import type { Engine } from '../ports/engine.ts';
import type { ImageUse } from '../ports/image-use.ts';
import type { ImageRegistry } from '../ports/registry.ts';

/** Takes away the images that nothing needs: from the engine, from the registry, and in the end from its disk. */
export interface Collection {
  /** One look over the engine. */
  engine(signal: AbortSignal): Promise<void>;
  /** One look over the registry; costs a query and a call when nothing has changed. */
  registry(signal: AbortSignal): Promise<void>;
  /** Deletes all images of a destroyed app from the registry; false when a build of it is still ending. */
  forget(appId: string, signal: AbortSignal): Promise<boolean>;
}

export interface CollectionDeps {
  readonly imageUse: ImageUse;
  readonly registry: ImageRegistry;
  readonly engine: Pick<Engine, 'collectImages'>;
  /** Images of each app that stay for rollbacks. */
  readonly keepImages: number;
  readonly epoch: () => number;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Pushes wait for a sweep, so it is not done more often than this; at least so often, for what broken pushes left. */
const SWEEP_MS = 10 * 60_000;
const SWEEP_ANYWAY_MS = 24 * 3_600_000;
/** A database that was mixed up with another one must not cost the images of every app at once. */
const ORPHAN_MS = 24 * 3_600_000;

export function createCollection(deps: CollectionDeps): Collection {
  const { imageUse, registry, log } = deps;
  /** The history with which an app was collected last: the same again needs nothing. */
  const settled = new Map<string, string>();
  /** When a repository of no app was first seen. */
  const orphans = new Map<string, number>();
  const sweeps = createSweeps(deps);

  async function remove(
    repository: string,
    keep: readonly string[],
    moment: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const removed = await registry.collect({ repository, keep, moment }, signal);
    if (removed === 'busy') return false;
    if (removed > 0) {
      sweeps.due();
      log.info(
        { repository, images: removed },
        'images that no release needs were deleted from the registry',
      );
    }
    return true;
  }

  async function collectApp(history: ImageHistory, moment: string, signal: AbortSignal): Promise<void> {
    const { appId } = history;
    if (settled.get(appId) === JSON.stringify(history)) return;
    const left = await imageUse.retire(appId, deps.keepImages, deps.epoch(), signal);
    if (left === null) return;
    const keep = [...keptImages(left, deps.keepImages)].map((image) => image.slice(image.indexOf('@') + 1));
    if (await remove(repositoryOf(appId), keep, moment, signal)) settled.set(appId, JSON.stringify(left));
  }

  async function collectOrphans(
    { repositories, moment }: Awaited<ReturnType<ImageRegistry['moment']>>,
    known: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const alone = repositories.filter((one) => one.startsWith(repositoryOf('')) && !known.has(one));
    for (const gone of [...orphans.keys()].filter((one) => !alone.includes(one))) orphans.delete(gone);
    for (const repository of alone) {
      const since = orphans.get(repository) ?? deps.nowMs();
      orphans.set(repository, since);
      if (deps.nowMs() - since >= ORPHAN_MS) await remove(repository, [], moment, signal);
    }
  }

  /** One app's trouble must not keep the others' images. */
  async function confined(app: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (err) {
      if (signal.aborted || PlatformError.is(err, 'builder_away')) throw err;
      log.warn({ err, app }, 'the images of an app could not be collected; will try again');
    }
  }

  async function collectRegistry(signal: AbortSignal): Promise<void> {
    // Before the database is asked: what is built for from here on is left alone, whatever the database said.
    const there = await registry.moment(signal);
    const histories = await imageUse.histories(signal);
    const living = new Set(histories.map((one) => one.appId));
    for (const appId of [...settled.keys()].filter((id) => !living.has(id))) settled.delete(appId);
    for (const history of histories)
      await confined(history.appId, () => collectApp(history, there.moment, signal), signal);
    await collectOrphans(there, new Set([...living].map(repositoryOf)), signal);
    await sweeps.look(signal);
  }

  return {
    engine: (signal) => collectEngine(deps, signal),
    registry: (signal) => unlessAway(collectRegistry(signal), log),
    async forget(appId, signal) {
      const { moment } = await registry.moment(signal);
      return remove(repositoryOf(appId), [], moment, signal);
    },
  };
}

async function collectEngine(
  { imageUse, engine, keepImages, log }: CollectionDeps,
  signal: AbortSignal,
): Promise<void> {
  const kept = (await imageUse.histories(signal)).flatMap((one) => [...keptImages(one, keepImages)]);
  const removed = await engine.collectImages(new Set(kept), signal);
  if (removed > 0) log.info({ images: removed }, 'images that no release needs were removed');
}

/** When the registry's disk is swept. */
function createSweeps({ registry, nowMs, log }: CollectionDeps) {
  let isDue = false;
  /** As if long ago: what was deleted just before a restart is not forgotten. */
  let sweptMs = nowMs() - SWEEP_ANYWAY_MS + SWEEP_MS;
  return {
    /** Something was deleted. */
    due: (): void => void (isDue = true),
    async look(signal: AbortSignal): Promise<void> {
      const age = nowMs() - sweptMs;
      if (!(isDue && age >= SWEEP_MS) && age < SWEEP_ANYWAY_MS) return;
      isDue = false; // what is deleted from here on is for the next one
      const layers = await registry.sweep(signal).catch((err: unknown) => {
        isDue = true;
        sweptMs = nowMs() - SWEEP_MS / 2; // a fault that stays must not have pushes wait at every look
        throw err;
      });
      if (layers === 'busy') {
        isDue = true;
        return;
      }
      sweptMs = nowMs();
      if (layers > 0) log.info({ layers }, 'layers that no image needs were removed from the registry');
    },
  };
}

/** A builder that is being started again is no fault; the next round finds it. */
async function unlessAway(round: Promise<void>, log: Logger): Promise<void> {
  try {
    await round;
  } catch (err) {
    if (!PlatformError.is(err, 'builder_away')) throw err;
    log.debug({ err }, 'the builder is away; the registry is looked after later');
  }
}
