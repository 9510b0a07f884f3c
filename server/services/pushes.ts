import { randomUUID } from 'node:crypto';
import { insist, type Patience } from '../../lib/retry.ts';
import type { Actor } from '../domain/actor.ts';
import { branchName, deployBranches, refuseBranch, type App } from '../domain/app.ts';
import type { Push } from '../domain/build.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builds, NewBuild } from '../ports/builds.ts';
import type { BuildQueue } from '../ports/queue.ts';
import type { Quarantine, Repositories } from '../ports/repositories.ts';
import { reach } from './reach.ts';
import { databaseAway, outOfSight } from './transcript-lines.ts';
import { AWAY_LOOKS, type Transcripts } from './transcripts.ts';

/** One line of what a client wants to change; `from` or `to` null: the ref is made or deleted. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface Pushes {
  /** The bare repository of an app. Throws `not_found`. */
  open(
    actor: Actor,
    appName: string,
    access: 'read' | 'write',
    signal: AbortSignal,
  ): Promise<{ readonly appId: string; readonly path: string }>;
  /**
   * Deploys what was pushed and says so line by line; true when the refs may move, that is, when the new release serves.
   * Nothing is live and no ref moves otherwise. A caller who stops listening stops nothing.
   * Throws `push_refused`, `source_refused`.
   */
  receive(actor: Actor, appId: string, offer: Offer, signal: AbortSignal): Promise<boolean>;
}

/** What a client has sent, and how to answer while it waits. */
export interface Offer {
  readonly updates: readonly RefUpdate[];
  readonly quarantine: Quarantine;
  readonly say: (line: string) => void;
}

export interface PushesDeps {
  readonly apps: Apps;
  readonly builds: Builds;
  readonly repositories: Repositories;
  readonly transcripts: Transcripts;
  readonly queue: BuildQueue;
  /** Builds whose push is still open: git itself moves their branch. */
  readonly open: Set<string>;
}

export function createPushes(deps: PushesDeps): Pushes {
  const { apps, builds, repositories, transcripts, queue } = deps;
  return {
    async open(actor, appName, access, signal) {
      const app = await reach(apps, actor, access === 'write' ? 'deploy' : 'view', appName, signal);
      return { appId: app.id, path: await repositories.ensure(app.id, signal) };
    },

    async receive(actor, appId, { updates, quarantine, say }, signal) {
      const app = await reach(apps, actor, 'deploy', appId, signal);
      const last = await builds.lastDeployed(app.id, signal);
      const push = deployOf(app, last?.push.ref ?? null, updates);
      const id = randomUUID();
      deps.open.add(id);
      try {
        const superseded = `A newer push (${push.commit.slice(0, 7)} by ${actor.email}) took its place; nothing of it is live`;
        const build = { id, appId: app.id, userId: actor.userId, push };
        await record(deps, { build, superseded, quarantine, say }, signal);
        queue.wake(app.id);
        for await (const line of transcripts.follow(id, signal)) say(line);
        const ended = await insist(() => builds.find(id, signal), waitingAloud(say), signal);
        if (ended?.status === 'superseded')
          say(` !     ${(ended.failure ?? superseded).replace(/\.$/, '')}.`);
        if (ended?.status === 'succeeded') return true;
        await repositories.release(app.id, id, signal);
        return false;
      } catch (err) {
        // Everything before was waited for as long as makes sense; the truth about this push is in a database that is away.
        if (PlatformError.is(err, 'database_away')) say(outOfSight(app.name));
        throw err;
      } finally {
        // Git moves the branch within milliseconds of this answer; only then may anyone else look whether it did.
        setTimeout(() => deps.open.delete(id), GIT_MOVES_MS).unref();
      }
    },
  };
}

/** A push that waits for the database says so. */
function waitingAloud(say: (line: string) => void): Patience {
  return { everyMs: ASK_AGAIN_MS, tries: AWAY_LOOKS, waiting: () => say(databaseAway()) };
}

/**
 * Keeps the source and records the build. A lost answer is no answer: a build may be recorded whose sender was told
 * otherwise, so the question is asked again, and the source goes only when it is certain that nobody will ask for it.
 */
async function record(
  { repositories, builds }: PushesDeps,
  order: {
    readonly build: NewBuild & { readonly push: Push };
    readonly superseded: string;
  } & Pick<Offer, 'quarantine' | 'say'>,
  signal: AbortSignal,
): Promise<void> {
  const { build, superseded, quarantine, say } = order;
  const { id, appId, push } = build;
  let asked = false;
  try {
    await repositories.receive(appId, { id, commit: push.commit, quarantine }, signal);
    asked = true;
    await insist(() => builds.submit(build, superseded, signal), waitingAloud(say), signal);
  } catch (err) {
    const refused = PlatformError.is(err) && !err.retry;
    // If this fails too it only costs space: what no build asks for is swept.
    if (!asked || refused) await repositories.release(appId, id, signal).catch(() => undefined);
    throw err;
  }
}

/** How long git may take from the hook's answer to the moved ref. */
const GIT_MOVES_MS = 10_000;
const ASK_AGAIN_MS = 500;

/** The one branch of a push that deploys; tags may come along. */
function deployOf(app: App, lastDeployed: string | null, updates: readonly RefUpdate[]): Push {
  const refuse = (reason: string): Error => PlatformError.of('push_refused', { reason });
  const rest = updates.filter((update) => !update.ref.startsWith('refs/tags/'));
  for (const { ref } of rest) {
    const reason = refuseBranch(app, ref, lastDeployed);
    if (reason !== undefined) throw refuse(reason);
  }
  const [update, second] = rest;
  if (!update) {
    const [wanted = 'main'] = deployBranches(app, lastDeployed);
    throw refuse(`tags alone deploy nothing; push ${wanted} along with them`);
  }
  if (second)
    throw refuse(`one push deploys one branch, not ${rest.map(({ ref }) => branchName(ref)).join(' and ')}`);
  if (update.to === null)
    throw refuse(`the deploy branch cannot be deleted; use gantry apps:destroy to remove the app`);
  return { ref: update.ref, commit: update.to, from: update.from };
}
