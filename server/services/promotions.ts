import { randomUUID } from 'node:crypto';
import { scopesCover } from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import type { SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Promotion, PromotionTarget } from '../domain/promotion.ts';
import type { Release } from '../domain/release.ts';
import type { Apps } from '../ports/apps.ts';
import type { Pipelines } from '../ports/pipelines.ts';
import type { Promotions as PromotionStore } from '../ports/promotions.ts';
import type { Releases } from '../ports/releases.ts';
import { needPeople, reachPipeline } from './pipelines.ts';
import { reach } from './reach.ts';

interface PromotionWish {
  /** Names or ids. */
  readonly pipeline: string;
  readonly source: string;
  /** An id; null: the release that serves. */
  readonly release: string | null;
  readonly targets: readonly string[];
}

/**
 * What has proved itself in one app of a pipeline becomes a release of others: the same image, with the config of the app
 * it goes to. Needs the right to deploy each of them, also the first, whose image may hold what only those may read.
 */
export interface Promotions {
  /**
   * Begins one; its targets are pending, and decided one by one. Throws `invalid_params`, `nothing_to_promote`,
   * `image_collected`.
   */
  create(actor: Actor, wish: PromotionWish, signal: AbortSignal): Promise<Promotion>;
  /** Of a pipeline the caller may see. */
  find(actor: Actor, id: string, signal: AbortSignal): Promise<Promotion>;
  /** Those of its targets that the caller may view; of those they named themselves also the ones that were destroyed. */
  targets(actor: Actor, id: string, signal: AbortSignal): Promise<readonly PromotionTarget[]>;
}

export interface PromotionsDeps {
  readonly apps: Pick<Apps, 'find' | 'findFor' | 'list'>;
  readonly pipelines: Pick<Pipelines, 'find' | 'couplings'>;
  readonly releases: Pick<Releases, 'list'>;
  readonly store: PromotionStore;
}

const MOST_TARGETS = 50;

export function createPromotions({ apps, pipelines, releases, store }: PromotionsDeps): Promotions {
  async function find(actor: Actor, id: string, signal: AbortSignal): Promise<Promotion> {
    needPeople(actor);
    const missing = PlatformError.of('not_found', { resource: 'pipeline_promotion', name: id.slice(0, 100) });
    const found = await store.find(id, signal);
    if (!found) throw missing;
    await reachPipeline(pipelines, actor, 'view', found.pipelineId, signal).catch((err: unknown) => {
      throw PlatformError.is(err, 'not_found') ? missing : err;
    });
    return found;
  }

  return {
    async create(actor, wish, signal) {
      const source = await reach(apps, actor, 'deploy', wish.source, signal);
      if (wish.targets.length === 0 || wish.targets.length > MOST_TARGETS)
        throw refusal('targets', `must name 1 to ${MOST_TARGETS} apps`);
      const targets: SeenApp[] = [];
      for (const name of wish.targets) targets.push(await reach(apps, actor, 'deploy', name, signal));
      const [place] = await pipelines.couplings({ appId: source.id }, signal);
      if (!place || ![place.pipeline.id, place.pipeline.name].includes(wish.pipeline))
        throw refusal('source', `must be an app in that pipeline, and ${source.name} is not`);
      const inside = await pipelines.couplings({ pipelineId: place.pipeline.id }, signal);
      check(source, targets, new Set(inside.map(({ app }) => app.id)));
      const release = promotable(source, await releases.list(source.id, signal), wish.release);
      const made = await store.create(
        {
          ...{ id: randomUUID(), pipelineId: place.pipeline.id, userId: actor.userId },
          source: { appId: source.id, releaseId: release.id },
          targets: targets.map((app) => ({ id: randomUUID(), appId: app.id })),
        },
        signal,
      );
      if (!made) throw PlatformError.of('not_found', { resource: 'pipeline', name: wish.pipeline });
      return made;
    },

    find,

    async targets(actor, id, signal) {
      const { targets, userId } = await find(actor, id, signal);
      const all = await apps.list(actor, signal);
      const seen = all.filter((app) => scopesCover(actor.scopes, 'view', app.id)).map((app) => app.id);
      const shown: PromotionTarget[] = [];
      for (const one of targets) {
        const gone = async (): Promise<boolean> => (await apps.find(one.appId, signal)) === undefined;
        if (seen.includes(one.appId) || (userId === actor.userId && (await gone()))) shown.push(one);
      }
      return shown;
    },
  };
}

function check(source: SeenApp, targets: readonly SeenApp[], inside: ReadonlySet<string>): void {
  for (const [at, app] of targets.entries()) {
    if (app.id === source.id) throw refusal('targets', `must not name ${app.name}, which is the source`);
    if (!inside.has(app.id)) throw refusal('targets', `must be in the pipeline, and ${app.name} is not`);
    if (targets.findIndex(({ id }) => id === app.id) !== at)
      throw refusal('targets', `must name ${app.name} only once`);
  }
}

/** The release that is meant, with its image there. */
function promotable(app: SeenApp, all: readonly Release[], wanted: string | null): Release {
  const found = all.find((one) => (wanted === null ? one.current : one.id === wanted));
  if (!found && wanted !== null)
    throw PlatformError.of('not_found', { resource: 'release', name: wanted.slice(0, 100) });
  if (!found?.image || found.status !== 'succeeded')
    throw PlatformError.of('nothing_to_promote', { app: app.name });
  const { version, commit } = found;
  if (found.collectedAt !== null)
    throw PlatformError.of('image_collected', { app: app.name, version, commit });
  return found;
}

function refusal(field: string, problem: string): Error {
  return PlatformError.of('invalid_params', { field, problem });
}
