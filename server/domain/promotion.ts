import type { BuiltImage } from './release.ts';

/** One act of promoting: the release of one app of a pipeline becomes a release of others. */
export interface Promotion {
  readonly id: string;
  readonly pipelineId: string;
  readonly source: { readonly appId: string; readonly releaseId: string };
  readonly userId: string;
  readonly targets: readonly PromotionTarget[];
  readonly createdAt: Date;
}

/** What becomes of a promotion on one app; it succeeds when its release serves. */
export interface PromotionTarget {
  readonly id: string;
  readonly appId: string;
  readonly status: 'pending' | 'succeeded' | 'failed';
  /** The image in the repository of the app, once it is there. */
  readonly image: BuiltImage | null;
  readonly releaseId: string | null;
  readonly failure: string | null;
  readonly updatedAt: Date;
}

/** A promotion is over when all its targets are. */
export function isOver({ targets }: Pick<Promotion, 'targets'>): boolean {
  return targets.every(({ status }) => status !== 'pending');
}

/** `Promote shop-staging v12 abc1234` */
export function promotionTitle(
  app: string,
  { version, commit }: { readonly version: number; readonly commit: string | null },
): string {
  return `Promote ${app} v${version}${commit === null ? '' : ` ${commit.slice(0, 7)}`}`;
}
