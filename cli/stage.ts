import type { PipelineCouplingResource } from '../server/contract/pipeline-resources.ts';
import { CommandError, UsageError } from './failures.ts';

export type Stage = PipelineCouplingResource['stage'];

const STAGES: readonly Stage[] = ['test', 'review', 'development', 'staging', 'production'];
/** What is promoted, and to where. */
const ORDER: readonly Stage[] = ['development', 'staging', 'production'];

/** How the names of apps end that say for what they are. */
const ENDINGS: readonly (readonly [RegExp, Stage])[] = [
  [/-(?:dev|development)$/, 'development'],
  [/-(?:stg|staging)$/, 'staging'],
  [/-(?:prod|production)$/, 'production'],
];

/** The stage that was named, or that the name of the app tells: `shop-staging`; any other name is production's. */
export function stageFor(app: string, wanted: string | undefined): Stage {
  if (wanted === undefined) return ENDINGS.find(([ending]) => ending.test(app))?.[1] ?? 'production';
  const found = STAGES.find((stage) => stage === wanted);
  if (found === undefined) throw new UsageError(`${wanted} is no stage; choose one of ${STAGES.join(', ')}.`);
  return found;
}

/** What the apps of one codebase have in common: `shop` of `shop-staging`. */
export function commonName(app: string): string {
  const ending = ENDINGS.find(([one]) => one.test(app))?.[0];
  return ending === undefined ? app : app.replace(ending, '');
}

/** The stage to which this one promotes. Throws CommandError when there is none. */
export function stageAfter(app: string, stage: Stage): Stage {
  const next = ORDER[ORDER.indexOf(stage) + 1];
  if (!ORDER.includes(stage) || next === undefined)
    throw new CommandError(
      `${app} is in stage ${stage}, from which nothing is promoted by itself; name apps with --to.`,
    );
  return next;
}

/** Apps in the order in which they are promoted to. */
export function inOrder(couplings: readonly PipelineCouplingResource[]): readonly PipelineCouplingResource[] {
  return [...couplings].sort(
    (a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || (a.app.name < b.app.name ? -1 : 1),
  );
}
