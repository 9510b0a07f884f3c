import { shellWord } from '../../lib/shell-word.ts';
import type { Standing } from './access.ts';
import { staysUp } from './release.ts';

/** An app as its owner knows it. Its id names everything that belongs to it; its name may be used again after it is gone. */
export interface App {
  readonly id: string;
  readonly name: string;
  /** Of an app of a team: who brought it there, and may no more than the team lets them. */
  readonly owner: { readonly id: string; readonly email: string };
  /** The team it belongs to; null: it is its owner's. */
  readonly team: { readonly id: string; readonly name: string } | null;
  /** Members of its team may not join it by themselves. */
  readonly locked: boolean;
  /** Index of its private network among the platform's subnets; unique among living apps. */
  readonly network: number;
  /** Null: `main` or `master`, whichever is deployed first. */
  readonly deployBranch: string | null;
  readonly formation: Formation;
  /** Visitors get a page that says so; instances and deploys go on. */
  readonly maintenance: boolean;
  /** Its owner wants certificates to be got for its domains. */
  readonly acm: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When the current release went live; null before the first. */
  readonly releasedAt: Date | null;
  /** What the image of the current release takes in the registry; null: there is none, or nobody knows. */
  readonly slugBytes: number | null;
  /** What its repository took on disk after the last push; null before the first. */
  readonly repositoryBytes: number | null;
  /** Grows with each change of the row; writes compare it. */
  readonly revision: number;
}

/** An app, and what somebody is to it. */
export interface SeenApp extends App {
  readonly standing: Standing;
}

/** How many instances of each process type are wanted; types without an entry count as 0. */
export type Formation = ReadonlyMap<string, number>;

/**
 * An app's instances in all: its private network has 61 addresses for them, which the old and the new ones of a deploy
 * share with the runs (decision 0008).
 */
export const MOST_INSTANCES = 28;

const BRANCHES = 'refs/heads/';

/** `main` for `refs/heads/main`; other refs in full. */
export function branchName(ref: string): string {
  return ref.startsWith(BRANCHES) ? ref.slice(BRANCHES.length) : ref;
}

/** The branches that deploy an app whose last successful deploy was of this ref (null: it has none yet). */
export function deployBranches(app: App, lastDeployed: string | null): readonly string[] {
  if (app.deployBranch !== null) return [app.deployBranch];
  return lastDeployed === null ? ['main', 'master'] : [branchName(lastDeployed)];
}

/** Why a push of this ref deploys nothing, with the way out; undefined for a branch that deploys the app. */
export function refuseBranch(app: App, ref: string, lastDeployed: string | null): string | undefined {
  const branches = deployBranches(app, lastDeployed);
  if (branches.some((branch) => ref === `${BRANCHES}${branch}`)) return undefined;
  const name = branchName(ref);
  const there = shellWord(`${name}:${branches[0] ?? 'main'}`);
  return `${app.name} deploys ${branches.join(' or ')}, so nothing of ${name} was stored or deployed; to deploy it, push it there (git push gantry ${there}) or choose it (gantry git:deploy-branch ${shellWord(name)})`;
}

/** How many instances a formation asks for. */
export function instancesOf(formation: Formation): number {
  return [...formation].reduce((sum, [type, count]) => sum + (staysUp(type) ? count : 0), 0);
}

/**
 * The formation after a release with these process types: known types keep their count, new ones start at 0,
 * except that `web` starts at 1. Entries of types that are gone stay: what runs now may still need them until the
 * new release is live, and a type that comes back finds its count again.
 */
export function formationFor(types: readonly string[], before: Formation): Formation {
  const added = types
    .filter((type) => staysUp(type) && !before.has(type))
    .map((type) => [type, type === 'web' ? 1 : 0] as const);
  return new Map([...before, ...added]);
}

/**
 * The formation of an app from now on, when a release composed from `before` asks for `wanted` and the app has `now`:
 * counts that the release does not mean to change keep what somebody has set since, and the types that the release lacks
 * stay until it is live, because the one it replaces still needs them.
 */
export function adoptFormation(wanted: Formation, before: Formation, now: Formation): Formation {
  const adopted = new Map(now);
  for (const [type, count] of wanted) {
    if (before.get(type) !== count || !now.has(type)) adopted.set(type, count);
  }
  return adopted;
}
