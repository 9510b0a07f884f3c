import type { Coupling, Pipeline, SeenPipeline, Stage } from '../domain/pipeline.ts';
import type { NewOwner } from './membership.ts';

/** Pipelines and the apps in them. Apps that were destroyed are in none. */
export interface Pipelines {
  /** Throws `name_taken`. */
  create(
    pipeline: { readonly id: string; readonly name: string } & NewOwner,
    signal: AbortSignal,
  ): Promise<Pipeline>;
  /** By name or id, with what this user is to it, whether or not they may see it. */
  find(userId: string, nameOrId: string, signal: AbortSignal): Promise<SeenPipeline | undefined>;
  /** Those this user is something to, or all of them, by name. */
  list(userId: string, which: 'own' | 'all', signal: AbortSignal): Promise<readonly SeenPipeline[]>;
  /** Undefined when it is gone. Throws `name_taken`. */
  rename(id: string, name: string, signal: AbortSignal): Promise<Pipeline | undefined>;
  /** Gives it to somebody else; undefined when it is gone. */
  give(id: string, to: NewOwner, signal: AbortSignal): Promise<Pipeline | undefined>;
  /** Its apps stay what they are. False when it is gone. Throws `pipeline_promoting` while a promotion in it is undecided. */
  remove(id: string, signal: AbortSignal): Promise<boolean>;

  /** The places of apps, by the name of the app. */
  couplings(
    which: { readonly pipelineId?: string; readonly appId?: string; readonly id?: string },
    signal: AbortSignal,
  ): Promise<readonly Coupling[]>;
  /** Undefined when the pipeline or the app is gone. Throws `app_coupled` when the app is in a pipeline already. */
  couple(
    coupling: {
      readonly id: string;
      readonly pipelineId: string;
      readonly appId: string;
      readonly stage: Stage;
    },
    signal: AbortSignal,
  ): Promise<Coupling | undefined>;
  /** Undefined when it is gone. */
  setStage(id: string, stage: Stage, signal: AbortSignal): Promise<Coupling | undefined>;
  /** False when it is gone. */
  uncouple(id: string, signal: AbortSignal): Promise<boolean>;
}
