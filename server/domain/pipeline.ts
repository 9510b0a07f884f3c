import type { TeamRole } from './access.ts';
import type { Actor } from './actor.ts';

/** What an app is for within its pipeline, from the first to the last. */
export type Stage = 'test' | 'review' | 'development' | 'staging' | 'production';

/** Apps of one codebase, in stages; what has proved itself in one is promoted to the next. */
export interface Pipeline {
  readonly id: string;
  readonly name: string;
  /** A team, or a person. */
  readonly owner: { readonly id: string; readonly type: 'team' | 'user' };
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A pipeline, and what somebody is to it. */
export interface SeenPipeline extends Pipeline {
  readonly standing: PipelineStanding;
}

export interface PipelineStanding {
  /** It belongs to them, and to no team. */
  readonly owner: boolean;
  /** Their role in the team it belongs to. */
  readonly team: TeamRole | null;
  /** They may see an app that is in it. */
  readonly app: boolean;
}

/** An app's place in a pipeline; an app has at most one. */
export interface Coupling {
  readonly id: string;
  readonly app: { readonly id: string; readonly name: string };
  readonly pipeline: { readonly id: string; readonly name: string };
  readonly stage: Stage;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a person is to a pipeline, each including those before it. What becomes of its apps their own roles decide. */
export type PipelineRole = 'view' | 'manage' | 'admin';

/** What is asked of a pipeline: to look at it, to change it, to destroy it, or to give it to somebody else. */
export type PipelineNeed = PipelineRole | 'give';

/** What a person may do with a pipeline; null: not even know that it is there. */
export function pipelineRoleOf(
  { owner, team, app }: PipelineStanding,
  { admin }: Pick<Actor, 'admin'>,
): PipelineRole | null {
  if (admin || owner || team === 'admin') return 'admin';
  // Who could take it away from the team, or destroy it, would be its administrator: as with an app of a team.
  if (team === 'member') return 'manage';
  return app || team === 'viewer' ? 'view' : null;
}
