import { branchName, refuseBranch, type App } from '../domain/app.ts';
import type { Push, PushedBuild } from '../domain/build.ts';
import { rollbackTarget } from '../domain/release.ts';
import type { Builds } from '../ports/builds.ts';
import type { Releases } from '../ports/releases.ts';
import type { Repositories } from '../ports/repositories.ts';

/** What a push is to become of: it is deployed, it came too late, or there is nothing left to deploy. */
export type Standing =
  | { readonly is: 'due' }
  | { readonly is: 'late'; readonly reason: string }
  /** This very commit is what serves, as this release; its branch shows it, or is about to. */
  | { readonly is: 'live'; readonly version: number };

export interface StandingDeps {
  readonly builds: Pick<Builds, 'lastDeployed'>;
  readonly releases: Pick<Releases, 'list'>;
  readonly repositories: Pick<Repositories, 'resolve' | 'clash'>;
}

/**
 * Where a push stands. Its branch must be where the sender saw it: it is moved from there or not at all, and two
 * overlapping pushes would end with a live app behind a failed push. Asked when a push arrives, so that one that is too late
 * ends nobody else's build, and again at its turn, for what has happened while it waited.
 */
export async function standingOf(
  deps: StandingDeps,
  app: App,
  { ref, from, commit }: Push,
  signal: AbortSignal,
): Promise<Standing> {
  const last = (await deps.builds.lastDeployed(app.id, signal)) ?? null;
  const clash = await deps.repositories.clash(app.id, ref, signal);
  const unfit = refuseBranch(app, ref, last && last.push.ref) ?? besideReason(app, ref, clash);
  if (unfit !== undefined) return { is: 'late', reason: unfit };
  const now = await deps.repositories.resolve(app.id, ref, signal);
  const same = ofRef(last, ref);
  // Another push of the same commit was first. The branch is there already, or git is about to move it.
  if (same?.push.commit === commit && from !== commit && [from, commit].includes(now))
    return deployedBefore(deps, app, same, signal);
  // The database is the truth: the push before this one may have succeeded so lately that git has yet to move the branch.
  if ([now, same?.push.commit ?? now].every((id) => id === from || id === commit)) return { is: 'due' };
  return {
    is: 'late',
    reason: `${branchName(ref)} has moved since this push was sent; fetch, then push again`,
  };
}

function ofRef(last: PushedBuild | null, ref: string): PushedBuild | undefined {
  return last?.push.ref === ref ? last : undefined;
}

function besideReason({ name }: App, ref: string, clash: string | null): string | undefined {
  if (clash === null) return undefined;
  return `git keeps no branch ${branchName(ref)} beside ${branchName(clash)}, which ${name} has from an earlier deploy; choose another name (gantry git:deploy-branch)`;
}

/** What was rolled back since is not brought back by somebody who could not know. */
async function deployedBefore(
  { releases }: StandingDeps,
  app: App,
  { releaseId, push: { commit } }: PushedBuild,
  signal: AbortSignal,
): Promise<Standing> {
  const all = await releases.list(app.id, signal);
  const current = all.find((release) => release.current);
  if (current?.commit === commit && current.image !== null) return { is: 'live', version: current.version };
  const made = all.find(({ id }) => id === releaseId);
  const was = `${commit.slice(0, 8)} was deployed already${made ? `, as v${made.version}` : ''}, and is not what is live now`;
  const since = current ? `, which is v${current.version} (${current.description})` : '';
  const way =
    made && rollbackTarget(made)
      ? `bring it back with gantry rollback v${made.version} -a ${app.name}`
      : 'push a new commit to deploy it again';
  return { is: 'late', reason: `${was}${since}; ${way}` };
}
