import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  changeCoupling as changeBody,
  createCoupling as coupleBody,
  createPipeline as createBody,
  createPromotion as promoteBody,
  filterApps as filterBody,
  pipeline,
  pipelineCoupling,
  pipelinePromotion,
  pipelineTransfer,
  promotionTarget,
  removePipeline as removeBody,
  renamePipeline as renameBody,
  transferPipeline as transferBody,
} from '../pipeline-resources.ts';
import { app } from '../resources.ts';

const couplings = z.array(pipelineCoupling);

export const listPipelines = endpoint({
  method: 'GET',
  path: '/pipelines',
  summary: 'list the pipelines the caller may see; those of one name with eq[name]',
  needs: 'pipelines:list',
  query: z.strictObject({ 'eq[name]': z.string().max(100).optional() }),
  answer: z.array(pipeline),
  ranges: ['name', 'id'],
});

export const createPipeline = endpoint({
  method: 'POST',
  path: '/pipelines',
  summary: 'create a pipeline, of the caller or of a team',
  needs: 'pipelines:create',
  body: createBody,
  status: 201,
  answer: pipeline,
});

export const showPipeline = endpoint({
  method: 'GET',
  path: '/pipelines/:pipeline',
  summary: 'show a pipeline',
  needs: 'pipeline:view',
  answer: pipeline,
});

export const renamePipeline = endpoint({
  method: 'PATCH',
  path: '/pipelines/:pipeline',
  summary: 'rename a pipeline',
  needs: 'pipeline:manage',
  body: renameBody,
  answer: pipeline,
});

export const removePipeline = endpoint({
  method: 'DELETE',
  path: '/pipelines/:pipeline',
  summary: 'destroy a pipeline; its apps stay what they are',
  needs: 'pipeline:admin',
  body: removeBody,
  answer: pipeline,
});

export const transferPipeline = endpoint({
  method: 'POST',
  path: '/pipeline-transfers',
  summary: 'give a pipeline to somebody else, or to a team',
  needs: 'pipeline:give',
  body: transferBody,
  status: 201,
  answer: pipelineTransfer,
});

export const listCouplings = endpoint({
  method: 'GET',
  path: '/pipeline-couplings',
  summary: 'list the places of apps in pipelines',
  needs: 'pipelines:list',
  answer: couplings,
  ranges: ['id'],
});

export const listOwnCouplings = endpoint({
  method: 'GET',
  path: '/users/~/pipeline-couplings',
  summary: "list the places of the caller's apps in pipelines",
  needs: 'pipelines:list',
  answer: couplings,
  ranges: ['id'],
});

export const listTeamCouplings = endpoint({
  method: 'GET',
  path: '/teams/:team/pipeline-couplings',
  summary: "list the places of a team's apps in pipelines",
  needs: 'team:view',
  answer: couplings,
  ranges: ['id'],
});

export const listPipelineCouplings = endpoint({
  method: 'GET',
  path: '/pipelines/:pipeline/pipeline-couplings',
  summary: 'list the apps in a pipeline that the caller may view',
  needs: 'pipeline:view',
  answer: couplings,
  ranges: ['id'],
});

export const showAppCoupling = endpoint({
  method: 'GET',
  path: '/apps/:app/pipeline-couplings',
  summary: 'show the place of an app in its pipeline',
  needs: 'app:view',
  answer: pipelineCoupling,
});

export const createCoupling = endpoint({
  method: 'POST',
  path: '/pipeline-couplings',
  summary: 'put an app into a pipeline',
  needs: 'pipeline:couple',
  body: coupleBody,
  status: 201,
  answer: pipelineCoupling,
});

export const showCoupling = endpoint({
  method: 'GET',
  path: '/pipeline-couplings/:coupling',
  summary: 'show the place of an app in a pipeline',
  needs: 'app:view',
  answer: pipelineCoupling,
});

export const changeCoupling = endpoint({
  method: 'PATCH',
  path: '/pipeline-couplings/:coupling',
  summary: 'move an app to another stage',
  needs: 'app:operate',
  body: changeBody,
  answer: pipelineCoupling,
});

export const removeCoupling = endpoint({
  method: 'DELETE',
  path: '/pipeline-couplings/:coupling',
  summary: 'take an app out of its pipeline',
  needs: 'app:operate',
  answer: pipelineCoupling,
});

export const filterApps = endpoint({
  method: 'POST',
  path: '/filters/apps',
  summary: 'list those of the named apps that the caller may view',
  needs: 'apps:list',
  body: filterBody,
  answer: z.array(app),
  ranges: ['id', 'name'],
});

export const createPromotion = endpoint({
  method: 'POST',
  path: '/pipeline-promotions',
  summary: 'make the release of an app a release of other apps in its pipeline; answers before it is done',
  needs: 'app:deploy',
  body: promoteBody,
  status: 201,
  answer: pipelinePromotion,
});

export const showPromotion = endpoint({
  method: 'GET',
  path: '/pipeline-promotions/:promotion',
  summary: 'show a promotion',
  needs: 'pipelines:list',
  answer: pipelinePromotion,
});

export const listPromotionTargets = endpoint({
  method: 'GET',
  path: '/pipeline-promotions/:promotion/promotion-targets',
  summary: 'list what became of a promotion on each app the caller may view',
  needs: 'pipelines:list',
  answer: z.array(promotionTarget),
});
