import * as z from 'zod';

const time = z.string();
const stage = z.enum(['test', 'review', 'development', 'staging', 'production']);
const owner = z.object({ id: z.string(), type: z.enum(['team', 'user']) });

export const pipeline = z.object({
  id: z.string(),
  name: z.string(),
  owner,
  generation: z.object({ id: z.string(), name: z.literal('cedar') }),
  created_at: time,
  updated_at: time,
});
export type PipelineResource = z.infer<typeof pipeline>;

export const pipelineCoupling = z.object({
  id: z.string(),
  app: z.object({ id: z.string(), name: z.string() }),
  pipeline: z.object({ id: z.string(), name: z.string() }),
  stage,
  created_at: time,
  updated_at: time,
});
export type PipelineCouplingResource = z.infer<typeof pipelineCoupling>;

export const pipelineTransfer = z.object({
  id: z.string(),
  pipeline: z.object({ id: z.string() }),
  previous_owner: owner,
  new_owner: owner,
  status: z.literal('completed'),
  created_at: time,
  updated_at: time,
});
export type PipelineTransferResource = z.infer<typeof pipelineTransfer>;

const withId = z.object({ id: z.string() });

export const pipelinePromotion = z.object({
  id: z.string(),
  pipeline: withId,
  source: z.object({ app: withId, release: withId }),
  status: z.enum(['pending', 'completed']),
  created_at: time,
  updated_at: time,
});
export type PipelinePromotionResource = z.infer<typeof pipelinePromotion>;

export const promotionTarget = z.object({
  id: z.string(),
  app: withId,
  pipeline_promotion: withId,
  release: withId.nullable(),
  status: z.enum(['pending', 'succeeded', 'failed']),
  error_message: z.string().nullable(),
});
export type PromotionTargetResource = z.infer<typeof promotionTarget>;

const identity = z.string().regex(/^[A-Za-z0-9_.:+@~-]{1,100}$/);
const wishedStage = z.enum(stage.options, {
  error: 'must be test, review, development, staging or production',
});
const wishedOwner = z.strictObject({
  id: z.string().regex(/^[\x21-\x7e]{1,254}$/, 'must be an id, or the name of a team, or an e-mail address'),
  type: z.enum(['user', 'team'], { error: 'must be user or team' }),
});

export const createPipeline = z.strictObject({
  name: z.string().max(100),
  owner: wishedOwner.nullish(),
  generation: z.unknown().optional(),
});
/** The Platform API's clients send the name with a deletion too. */
export const removePipeline = z.strictObject({
  name: z.unknown().optional(),
  confirm: z.unknown().optional(),
});
export const renamePipeline = z.strictObject({ name: z.string().max(100).optional() });
export const createCoupling = z.strictObject({ app: identity, pipeline: identity, stage: wishedStage });
export const changeCoupling = z.strictObject({ stage: wishedStage.optional() });
export const transferPipeline = z.strictObject({
  pipeline: z.strictObject({ id: identity }),
  new_owner: wishedOwner,
});
const appWish = z.strictObject({ app: z.strictObject({ id: identity }) });
export const createPromotion = z.strictObject({
  pipeline: z.strictObject({ id: identity }),
  source: appWish.extend({ release: z.strictObject({ id: identity }).nullish() }),
  targets: z.array(appWish).min(1, 'must name at least one app').max(50, 'must name at most 50 apps'),
});
export const filterApps = z.strictObject({
  in: z.strictObject({ id: z.array(z.string().max(100)).max(1000, 'must name at most 1,000 apps') }),
});
