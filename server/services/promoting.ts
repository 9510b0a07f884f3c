import type { Bulletin } from '../../lib/bulletin.ts';
import { pause } from '../../lib/deadline.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { insist, passes } from '../../lib/retry.ts';
import { formationFor, type App } from '../domain/app.ts';
import { decided, type Deployment } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import { promotionTitle } from '../domain/promotion.ts';
import { repositoryOf, type BuiltImage, type Release } from '../domain/release.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builder } from '../ports/builder.ts';
import type { PendingTarget, Promotions } from '../ports/promotions.ts';
import type { RegistryTokens } from '../ports/registry.ts';
import type { Releases } from '../ports/releases.ts';
import type { Wake } from './wake.ts';

/** Takes the targets of promotions all the way: image, release, deployment, outcome. */
export interface Promoting {
  /** Takes up whatever is pending and not being worked on; what it began goes on when it answers. */
  takeUp(signal: AbortSignal): Promise<void>;
}

export interface PromotingDeps {
  readonly apps: Pick<Apps, 'find'>;
  readonly releases: Releases;
  readonly store: Promotions;
  readonly builder: Pick<Builder, 'copy'>;
  readonly tokens: Pick<RegistryTokens, 'copyToken'>;
  readonly controller: Wake;
  readonly bulletin: Bulletin;
  readonly log: Logger;
  /** The reign of this process; writes of an older one do nothing. */
  readonly epoch: () => number;
  /** What passes by itself is asked for again this often. */
  readonly againMs?: number;
}

const AGAIN_MS = 1_000;
const DECIDED_LOOK_MS = 500;
/** A builder that went away is restarted by the supervisor; one that stays away fails the promotion. */
const COPY_TRIES = 30;

export function createPromoting(given: PromotingDeps): Promoting {
  const deps = { againMs: AGAIN_MS, ...given };
  const { store, epoch, log } = deps;
  const running = new Set<string>();

  async function one(id: string, signal: AbortSignal): Promise<void> {
    running.add(id);
    try {
      await seeThrough(deps, id, signal);
    } catch (err) {
      if (!signal.aborted)
        log[passes(err) ? 'warn' : 'error'](
          { err, target: id },
          'a promotion was interrupted; will try again',
        );
    } finally {
      running.delete(id);
    }
  }

  return {
    async takeUp(signal) {
      for (const id of await store.waiting(epoch(), signal)) if (!running.has(id)) void one(id, signal);
    },
  };
}

type Deps = PromotingDeps & { readonly againMs: number };

/**
 * Until the target is decided. Each step is written down before the next, and each may be done again: whoever takes the
 * target up after a crash goes on from what is written.
 */
async function seeThrough(deps: Deps, id: string, signal: AbortSignal): Promise<void> {
  const { store, epoch, againMs } = deps;
  const patience = { everyMs: againMs };
  const pending = await insist(() => store.pending(id, signal), patience, signal);
  if (!pending) return;
  const outcome = await promote(deps, pending, signal).catch((err: unknown) => {
    // What is no failure of ours to tell is a bug: it ends this promotion, and no other.
    if (signal.aborted || passes(err)) throw err;
    if (!PlatformError.is(err)) deps.log.error({ err, target: id }, 'a promotion failed because of a bug');
    return failed(
      PlatformError.is(err) ? messageOf(err) : 'The promotion failed because of a fault of the platform',
    );
  });
  if (outcome) await insist(() => store.settle(id, epoch(), outcome, signal), patience, signal);
}

type Outcome = Parameters<Promotions['settle']>[2];
const failed = (failure: string): Outcome => ({ status: 'failed', failure });

async function promote(
  deps: Deps,
  pending: PendingTarget,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { apps, releases, store, epoch, againMs } = deps;
  const { target, promotion } = pending;
  const app = await apps.find(target.appId, signal);
  if (!app) return failed('The app was destroyed');
  if (target.releaseId !== null) return conclude(deps, target.releaseId, signal);
  const source = await releases.find(promotion.source.appId, promotion.source.releaseId, signal);
  if (!source?.image) return failed('The app that was promoted is not there any more');
  const image = target.image ?? (await copy(deps, app, source.image, signal));
  if (image === undefined)
    return failed('The image is not in the registry any more; deploy the source again');
  if (target.image === null) {
    // Insisted on: what is written down is kept, what is not may be collected.
    const write = (): Promise<boolean> => store.recordImage(target.id, epoch(), image, signal);
    if (!(await insist(write, { everyMs: againMs }, signal))) return undefined;
  }
  const releaseId = await release(deps, { pending, app, source, image }, signal);
  return conclude(deps, releaseId, signal);
}

/** Copying is idempotent, so a builder that died is asked again. */
async function copy(
  { builder, tokens, againMs }: Deps,
  app: App,
  image: BuiltImage,
  signal: AbortSignal,
): Promise<BuiltImage | undefined> {
  const { repository: from, digest } = image;
  const to = repositoryOf(app.id);
  const order = () => builder.copy({ from, to, digest, token: tokens.copyToken(from, to) }, signal);
  const there = await insist(order, { everyMs: againMs, tries: COPY_TRIES }, signal).catch((err: unknown) => {
    if (PlatformError.is(err, 'builder_away')) throw PlatformError.of('copy_failed', { app: app.name }, err);
    throw err;
  });
  return there ? { ...image, repository: to } : undefined;
}

interface Making {
  readonly pending: PendingTarget;
  readonly app: App;
  readonly source: Release;
  readonly image: BuiltImage;
}

/** The release that is made of the image. A target makes one release, so asking again is safe. */
async function release(deps: Deps, making: Making, signal: AbortSignal): Promise<string> {
  const { apps, releases, controller, againMs } = deps;
  const { pending, source, image } = making;
  for (;;) {
    try {
      const app = await apps.find(making.app.id, signal);
      if (!app) throw PlatformError.of('not_found', { resource: 'app', name: making.app.name });
      // Named by what it is called now: it may have been renamed, or be gone, since.
      const from = await apps.find(source.appId, signal);
      const base = await releases.latest(app.id, signal);
      const made = await releases.create(
        app,
        {
          ...{ base: base.version, image, commit: source.commit, buildId: null },
          description: promotionTitle(from?.name ?? 'another app', source),
          config: await releases.configOf(base.id, signal),
          userId: pending.promotion.userId,
          formation: formationFor(Object.keys(image.processes), app.formation),
          promotion: pending.target.id,
        },
        signal,
      );
      controller.wake(app.id);
      return made.release.id;
    } catch (err) {
      // Somebody's push or config change is being rolled out right now, or the database is away.
      if (!passes(err)) throw err;
      await pause(againMs, signal);
    }
  }
}

/** Waits for the deployment's end. */
async function conclude(
  { releases, bulletin, againMs }: Deps,
  releaseId: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const first = await insist(() => releases.deploymentOf(releaseId, signal), { everyMs: againMs }, signal);
  if (!first) return failed('The app was destroyed');
  for (;;) {
    const mark = bulletin.mark(first.id);
    const look = (): Promise<Deployment | undefined> => releases.findDeployment(first.id, signal);
    const now = await insist(look, { everyMs: againMs }, signal);
    if (!now) return failed('The app was destroyed');
    if (decided(now))
      return now.status === 'succeeded'
        ? { status: 'succeeded' }
        : failed(now.failure ?? 'The deployment was given up');
    await bulletin.after(first.id, mark, DECIDED_LOOK_MS, signal);
  }
}
