import { randomUUID } from 'node:crypto';
import type { Logger } from '../../lib/log.ts';
import { insist, type Patience } from '../../lib/retry.ts';
import type { Actor } from '../domain/actor.ts';
import { branchName, deployBranches, refuseBranch, type App } from '../domain/app.ts';
import type { Push } from '../domain/build.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builds, NewBuild } from '../ports/builds.ts';
import type { BuildQueue } from '../ports/queue.ts';
import type { Releases } from '../ports/releases.ts';
import type { Quarantine, Repositories } from '../ports/repositories.ts';
import type { Housekeeping } from './housekeeping.ts';
import { standingOf } from './push-standing.ts';
import { reach } from './reach.ts';
import { noteRepositoryBytes } from './repository-bytes.ts';
import { databaseAway, nothingToDo, outOfSight } from './transcript-lines.ts';
import { AWAY_LOOKS, type Transcripts } from './transcripts.ts';

/** One line of what a client wants to change; `from` or `to` null: the ref is made or deleted. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface OpenRepository {
  readonly appId: string;
  readonly path: string;
  readonly leave: () => void;
}

export interface Pushes {
  /** The bare repository of an app. `leave` when git has ended: until then nothing that a push may rely on goes. Throws `not_found`. */
  open(actor: Actor, appName: string, access: 'read' | 'write', signal: AbortSignal): Promise<OpenRepository>;
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
  readonly releases: Pick<Releases, 'list'>;
  readonly repositories: Repositories;
  readonly housekeeping: Pick<Housekeeping, 'hold'>;
  readonly transcripts: Transcripts;
  readonly queue: BuildQueue;
  /** Builds whose push is still open: git itself moves their branch. */
  readonly open: Set<string>;
  readonly log: Logger;
  /** Where an app is reached. */
  readonly urlOf: (app: string) => string;
}

export function createPushes(deps: PushesDeps): Pushes {
  const { apps, repositories, housekeeping, transcripts, queue } = deps;
  return {
    async open(actor, appName, access, signal) {
      const app = await reach(apps, actor, access === 'write' ? 'deploy' : 'view', appName, signal);
      const leave = access === 'write' ? await housekeeping.hold(app.id) : () => undefined;
      try {
        return { appId: app.id, path: await repositories.ensure(app.id, signal), leave };
      } catch (err) {
        leave();
        throw err;
      }
    },

    async receive(actor, appId, { updates, quarantine, say }, signal) {
      const app = await reach(apps, actor, 'deploy', appId, signal);
      const push = await pushOf(deps, app, updates, signal);
      await repositories.checkPush(app.id, { updates, quarantine }, signal);
      const standing = await standingOf(deps, app, push, signal);
      if (standing.is === 'late') throw refused(standing.reason);
      if (standing.is === 'live') return tellLive(deps, app, push, { ...standing, say });
      const id = randomUUID();
      deps.open.add(id);
      try {
        const superseded = `A newer push (${push.commit.slice(0, 7)} by ${actor.email}) took its place; nothing of it is live`;
        const build = { id, appId: app.id, userId: actor.userId, push };
        await record(deps, { build, superseded, quarantine, say }, signal);
        queue.wake(app.id);
        for await (const line of transcripts.follow(id, signal)) say(line);
        const { deployed, kept } = await endOf(deps, { app, id, push, superseded, say }, signal);
        if (!kept) await repositories.release(app.id, id, signal);
        await measure(deps, app.id, signal);
        return deployed;
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

/** Tells how a push ended: whether it is live, and whether its source is still to be kept. */
async function endOf(
  deps: PushesDeps,
  {
    app,
    id,
    push,
    superseded,
    say,
  }: {
    readonly app: App;
    readonly id: string;
    readonly push: Push;
    readonly superseded: string;
  } & Pick<Offer, 'say'>,
  signal: AbortSignal,
): Promise<{ readonly deployed: boolean; readonly kept: boolean }> {
  const ended = await insist(() => deps.builds.find(id, signal), waitingAloud(say), signal);
  if (ended?.status !== 'superseded') {
    const deployed = ended?.status === 'succeeded';
    return { deployed, kept: deployed };
  }
  // Only what was overtaken by its own commit ends so while that is live.
  const standing = await insist(() => standingOf(deps, app, push, signal), waitingAloud(say), signal);
  if (standing.is === 'live')
    return { deployed: tellLive(deps, app, push, { ...standing, say }), kept: false };
  say(` !     ${(ended.failure ?? superseded).replace(/\.$/, '')}.`);
  return { deployed: false, kept: false };
}

/** Tells that there is nothing to deploy; the refs may move, as far as they have not. */
function tellLive(
  { urlOf }: PushesDeps,
  app: App,
  { commit }: Push,
  { version, say }: { readonly version: number } & Pick<Offer, 'say'>,
): true {
  for (const line of nothingToDo(commit, version, urlOf(app.name))) say(line);
  return true;
}

/** What a push deploys. Throws `push_refused`. */
async function pushOf(
  deps: PushesDeps,
  app: App,
  updates: readonly RefUpdate[],
  signal: AbortSignal,
): Promise<Push> {
  const last = await deps.builds.lastDeployed(app.id, signal);
  const push = deployOf(app, last?.push.ref ?? null, updates);
  const tag = await tagProblem(deps, app.id, updates, signal);
  if (tag !== undefined) throw refused(tag);
  return push;
}

/** Why git would not move a tag, of which it would speak only after the deploy; undefined when it would move all. */
async function tagProblem(
  { repositories }: PushesDeps,
  appId: string,
  updates: readonly RefUpdate[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const tags = updates.filter(({ ref }) => ref.startsWith(TAGS));
  const made = tags.filter(({ to }) => to !== null);
  for (const { ref, from, to } of tags) {
    const name = ref.slice(TAGS.length);
    const now = await repositories.resolve(appId, ref, signal);
    if (now !== from && now !== to)
      return `tag ${name} has moved since this push was sent; fetch it, then push again`;
    const beside = made.find((other) => to !== null && other.ref.startsWith(`${ref}/`))?.ref;
    const clash = to === null ? null : (beside ?? (await repositories.clash(appId, ref, signal)));
    if (clash !== null)
      return `git keeps no tag ${name} beside tag ${clash.slice(TAGS.length)}; delete one of them, or give it another name`;
  }
  return undefined;
}

/** No push fails for it; what is not noted now is noted after the next. */
async function measure(
  { apps, repositories, log }: PushesDeps,
  appId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await noteRepositoryBytes({ apps, repositories }, appId, signal);
  } catch (err) {
    signal.throwIfAborted();
    log.warn({ err, app: appId }, 'could not note how large a repository is');
  }
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
const TAGS = 'refs/tags/';

const refused = (reason: string): Error => PlatformError.of('push_refused', { reason });

/** The one branch of a push that deploys; tags may come along. */
function deployOf(app: App, lastDeployed: string | null, updates: readonly RefUpdate[]): Push {
  const rest = updates.filter((update) => !update.ref.startsWith(TAGS));
  for (const { ref } of rest) {
    const reason = refuseBranch(app, ref, lastDeployed);
    if (reason !== undefined) throw refused(reason);
  }
  const [update, second] = rest;
  if (!update) {
    const [wanted = 'main'] = deployBranches(app, lastDeployed);
    throw refused(`tags alone deploy nothing; push ${wanted} along with them`);
  }
  if (second)
    throw refused(`one push deploys one branch, not ${rest.map(({ ref }) => branchName(ref)).join(' and ')}`);
  if (update.to === null)
    throw refused(`the deploy branch cannot be deleted; use gantry apps:destroy to remove the app`);
  return { ref: update.ref, commit: update.to, from: update.from };
}
