import {
  changeCoupling,
  createCoupling,
  createPipeline,
  createPromotion,
  filterApps,
  listCouplings,
  listOwnCouplings,
  listPipelineCouplings,
  listPipelines,
  listPromotionTargets,
  listTeamCouplings,
  removeCoupling,
  removePipeline,
  renamePipeline,
  showAppCoupling,
  showCoupling,
  showPipeline,
  showPromotion,
  transferPipeline,
} from '../../contract/endpoints/pipelines.ts';
import type { App } from '../../domain/app.ts';
import type { Coupling, Pipeline } from '../../domain/pipeline.ts';
import { listAnswer } from '../answer.ts';
import {
  shapeCoupling,
  shapePipeline,
  shapePipelineTransfer,
  shapePromotion,
  shapeTarget,
} from '../pipeline-shapes.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeApp, type Place } from '../shapes.ts';

const FIELDS = { name: (one: Pipeline) => one.name, id: (one: Pipeline) => one.id };
const COUPLING_FIELDS = { id: (one: Coupling) => one.id };
const APP_FIELDS = { id: (app: App) => app.id, name: (app: App) => app.name };

/** Pipelines, and the apps in them. */
export function pipelineRoutes(services: Services, place: Place): readonly Route[] {
  const { pipelines, apps } = services;
  return [
    route(listPipelines, async ({ actor, query, range, signal }) =>
      listAnswer(
        range,
        await pipelines.list(actor, { name: query['eq[name]'] }, signal),
        FIELDS,
        shapePipeline,
      ),
    ),

    route(createPipeline, async ({ actor, body, signal }) => {
      const { name, owner = null } = body;
      return { body: shapePipeline(await pipelines.create(actor, { name, owner }, signal)) };
    }),

    route(showPipeline, async ({ actor, params, signal }) => ({
      body: shapePipeline(await pipelines.find(actor, params.pipeline, signal)),
    })),

    route(renamePipeline, async ({ actor, params, body, signal }) => ({
      body: shapePipeline(await pipelines.rename(actor, params.pipeline, body.name, signal)),
    })),

    route(removePipeline, async ({ actor, params, signal }) => ({
      body: shapePipeline(await pipelines.remove(actor, params.pipeline, signal)),
    })),

    route(transferPipeline, async ({ actor, body, signal }) => {
      const { pipeline, before } = await pipelines.transfer(actor, body.pipeline.id, body.new_owner, signal);
      return { body: shapePipelineTransfer(pipeline, before) };
    }),

    ...couplingRoutes(services),
    ...promotionRoutes(services.promotions),

    route(
      filterApps,
      async ({ actor, body, range, signal }) => {
        const wanted = new Set(body.in.id);
        const found = (await apps.list(actor, signal)).filter(({ id }) => wanted.has(id));
        return listAnswer(range, found, APP_FIELDS, (app) => shapeApp(app, place));
      },
      { changesNothing: true },
    ),
  ];
}

function promotionRoutes(promotions: Services['promotions']): readonly Route[] {
  return [
    route(createPromotion, async ({ actor, body, signal }) => {
      const wish = {
        pipeline: body.pipeline.id,
        source: body.source.app.id,
        release: body.source.release?.id ?? null,
        targets: body.targets.map(({ app }) => app.id),
      };
      return { body: shapePromotion(await promotions.create(actor, wish, signal)) };
    }),

    route(showPromotion, async ({ actor, params, signal }) => ({
      body: shapePromotion(await promotions.find(actor, params.promotion, signal)),
    })),

    route(listPromotionTargets, async ({ actor, params, signal }) => {
      const { promotion: id } = params;
      const targets = await promotions.targets(actor, id, signal);
      return { body: targets.map((target) => shapeTarget({ id }, target)) };
    }),
  ];
}

function couplingRoutes({ pipelines, apps, teams }: Services): readonly Route[] {
  return [
    route(listCouplings, async ({ actor, range, signal }) =>
      listAnswer(range, await pipelines.couplings(actor, signal), COUPLING_FIELDS, shapeCoupling),
    ),

    route(listOwnCouplings, async ({ actor, range, signal }) => {
      const all = await pipelines.couplings(actor, signal);
      const own = new Set(
        (await apps.list(actor, signal))
          .filter(({ standing }) => standing.owner || standing.collaborator !== null)
          .map(({ id }) => id),
      );
      return listAnswer(
        range,
        all.filter(({ app }) => own.has(app.id)),
        COUPLING_FIELDS,
        shapeCoupling,
      );
    }),

    route(listTeamCouplings, async ({ actor, params, range, signal }) => {
      const team = new Set((await teams.apps(actor, params.team, signal)).map(({ id }) => id));
      const all = await pipelines.couplings(actor, signal);
      return listAnswer(
        range,
        all.filter(({ app }) => team.has(app.id)),
        COUPLING_FIELDS,
        shapeCoupling,
      );
    }),

    route(listPipelineCouplings, async ({ actor, params, range, signal }) =>
      listAnswer(
        range,
        await pipelines.couplingsOf(actor, params.pipeline, signal),
        COUPLING_FIELDS,
        shapeCoupling,
      ),
    ),

    // By the Platform API one and not a list: an app is in one pipeline at most.
    route(showAppCoupling, async ({ actor, params, signal }) => ({
      body: shapeCoupling(await pipelines.couplingOfApp(actor, params.app, signal)),
    })),

    route(createCoupling, async ({ actor, body, signal }) => ({
      body: shapeCoupling(await pipelines.couple(actor, body, signal)),
    })),

    route(showCoupling, async ({ actor, params, signal }) => ({
      body: shapeCoupling(await pipelines.findCoupling(actor, params.coupling, signal)),
    })),

    route(changeCoupling, async ({ actor, params, body, signal }) => ({
      body: shapeCoupling(await pipelines.setStage(actor, params.coupling, body.stage, signal)),
    })),

    route(removeCoupling, async ({ actor, params, signal }) => ({
      body: shapeCoupling(await pipelines.uncouple(actor, params.coupling, signal)),
    })),
  ];
}
