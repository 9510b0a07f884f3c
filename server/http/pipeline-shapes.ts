import type {
  PipelineCouplingResource,
  PipelinePromotionResource,
  PromotionTargetResource,
  PipelineResource,
  PipelineTransferResource,
} from '../contract/pipeline-resources.ts';
import type { Coupling, Pipeline } from '../domain/pipeline.ts';
import { isOver, type Promotion, type PromotionTarget } from '../domain/promotion.ts';
import { uuidOf, wireTime } from './shapes.ts';

export function shapePipeline({ id, name, owner, createdAt, updatedAt }: Pipeline): PipelineResource {
  return {
    ...{ id, name, owner },
    generation: { id: uuidOf('generation:cedar'), name: 'cedar' },
    created_at: wireTime(createdAt),
    updated_at: wireTime(updatedAt),
  };
}

export function shapeCoupling(coupling: Coupling): PipelineCouplingResource {
  const { id, app, pipeline, stage, createdAt, updatedAt } = coupling;
  return {
    ...{ id, app, pipeline, stage },
    created_at: wireTime(createdAt),
    updated_at: wireTime(updatedAt),
  };
}

/** Transfers are done at once, so nothing of them is kept but the pipeline's new owner. */
export function shapePipelineTransfer(
  { id, owner, updatedAt }: Pipeline,
  before: Pipeline['owner'],
): PipelineTransferResource {
  const at = wireTime(updatedAt);
  return {
    id: uuidOf(`pipeline transfer:${id}:${at}`),
    pipeline: { id },
    previous_owner: before,
    new_owner: owner,
    status: 'completed',
    created_at: at,
    updated_at: at,
  };
}

export function shapePromotion(promotion: Promotion): PipelinePromotionResource {
  const { id, pipelineId, source, targets, createdAt } = promotion;
  const last = Math.max(createdAt.getTime(), ...targets.map(({ updatedAt }) => updatedAt.getTime()));
  return {
    id,
    pipeline: { id: pipelineId },
    source: { app: { id: source.appId }, release: { id: source.releaseId } },
    status: isOver(promotion) ? 'completed' : 'pending',
    created_at: wireTime(createdAt),
    updated_at: wireTime(new Date(last)),
  };
}

export function shapeTarget({ id }: Pick<Promotion, 'id'>, target: PromotionTarget): PromotionTargetResource {
  return {
    id: target.id,
    app: { id: target.appId },
    pipeline_promotion: { id },
    release: target.releaseId === null ? null : { id: target.releaseId },
    status: target.status,
    error_message: target.failure,
  };
}
