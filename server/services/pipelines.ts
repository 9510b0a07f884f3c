import { randomUUID } from 'node:crypto';
import {
  roleOf,
  scopesCover,
  scopesCoverCreating,
  scopesCoverGiving,
  scopesCoverPeople,
} from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { pipelineName } from '../domain/names.ts';
import {
  pipelineRoleOf,
  type Coupling,
  type Pipeline,
  type PipelineNeed,
  type SeenPipeline,
  type Stage,
} from '../domain/pipeline.ts';
import type { Apps } from '../ports/apps.ts';
import type { Directory, NewOwner, Teams } from '../ports/membership.ts';
import type { Pipelines as PipelineStore } from '../ports/pipelines.ts';
import { isSelf, personOf } from './directory.ts';
import { reach } from './reach.ts';
import { reachTeam } from './teams.ts';

/** Who is to own a pipeline, as the wire says it. */
interface OwnerWish {
  readonly id: string;
  readonly type: 'user' | 'team';
}

/**
 * Pipelines and the apps in them. Whoever may see an app of a pipeline sees the pipeline, with those of its apps that
 * they may see; its owner and the members of its team may change it, its owner and the administrators of its team destroy
 * it or give it away. An app is put in, moved and taken out by whoever may operate the app.
 */
export interface Pipelines {
  /** Those the caller may see, by name. */
  list(
    actor: Actor,
    filter: { readonly name?: string | undefined },
    signal: AbortSignal,
  ): Promise<readonly Pipeline[]>;
  find(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<Pipeline>;
  /** Makes an empty one of the caller's, or of a team of theirs. Throws `invalid_params`, `name_taken`. */
  create(
    actor: Actor,
    wish: { readonly name: string; readonly owner: OwnerWish | null },
    signal: AbortSignal,
  ): Promise<Pipeline>;
  /** Throws `invalid_params`, `name_taken`. */
  rename(actor: Actor, nameOrId: string, name: string | undefined, signal: AbortSignal): Promise<Pipeline>;
  /** Its apps stay what they are. Throws `pipeline_promoting`. */
  remove(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<Pipeline>;
  /** Gives it at once to a person, or to a team the caller is a member of. Throws `user_unknown`. */
  transfer(
    actor: Actor,
    nameOrId: string,
    to: OwnerWish,
    signal: AbortSignal,
  ): Promise<{ readonly pipeline: Pipeline; readonly before: Pipeline['owner'] }>;

  /** Of apps the caller may see. */
  couplings(actor: Actor, signal: AbortSignal): Promise<readonly Coupling[]>;
  couplingsOf(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<readonly Coupling[]>;
  /** Throws `not_found` (`pipeline_coupling`) for an app that is in no pipeline. */
  couplingOfApp(actor: Actor, app: string, signal: AbortSignal): Promise<Coupling>;
  findCoupling(actor: Actor, id: string, signal: AbortSignal): Promise<Coupling>;
  /** Throws `app_coupled`. */
  couple(
    actor: Actor,
    wish: { readonly pipeline: string; readonly app: string; readonly stage: Stage },
    signal: AbortSignal,
  ): Promise<Coupling>;
  setStage(actor: Actor, id: string, stage: Stage | undefined, signal: AbortSignal): Promise<Coupling>;
  uncouple(actor: Actor, id: string, signal: AbortSignal): Promise<Coupling>;
}

export interface PipelinesDeps {
  readonly store: PipelineStore;
  readonly apps: Pick<Apps, 'findFor' | 'list'>;
  readonly teams: Pick<Teams, 'find'>;
  readonly directory: Directory;
}

export function createPipelines(deps: PipelinesDeps): Pipelines {
  const { store } = deps;
  return {
    async list(actor, { name }, signal) {
      needPeople(actor);
      const all = await store.list(actor.userId, actor.admin ? 'all' : 'own', signal);
      const seen = all.filter(({ standing }) => pipelineRoleOf(standing, actor) !== null);
      return name === undefined ? seen : seen.filter((one) => one.name === name || one.id === name);
    },

    find: (actor, name, signal) => reachPipeline(store, actor, 'view', name, signal),

    async create(actor, { name, owner }, signal) {
      if (!scopesCoverCreating(actor.scopes))
        throw PlatformError.of('scope_too_small', { what: 'creating pipelines' });
      const to =
        owner === null ? { userId: actor.userId, teamId: null } : await ownerFor(deps, actor, owner, signal);
      if (to.userId !== actor.userId)
        throw PlatformError.of('invalid_params', {
          field: 'owner',
          problem:
            'must be you or a team of yours; a pipeline is given away once it is there (pipelines:transfer)',
        });
      return store.create({ id: randomUUID(), name: readName(name), ...to }, signal);
    },

    async rename(actor, nameOrId, name, signal) {
      const pipeline = await reachPipeline(store, actor, 'manage', nameOrId, signal);
      if (name === undefined || name === pipeline.name) return pipeline;
      return there(nameOrId, await store.rename(pipeline.id, readName(name), signal));
    },

    async remove(actor, nameOrId, signal) {
      const pipeline = await reachPipeline(store, actor, 'admin', nameOrId, signal);
      await store.remove(pipeline.id, signal); // false: gone, which is what was asked for
      return pipeline;
    },

    async transfer(actor, nameOrId, wish, signal) {
      const { id, owner: before } = await reachPipeline(store, actor, 'give', nameOrId, signal);
      const to = await ownerFor(deps, actor, wish, signal);
      return { pipeline: there(nameOrId, await store.give(id, to, signal)), before };
    },

    ...createCouplings(deps),
  };
}

type CouplingCases =
  'couplings' | 'couplingsOf' | 'couplingOfApp' | 'findCoupling' | 'couple' | 'setStage' | 'uncouple';

function createCouplings({ store, apps }: PipelinesDeps): Pick<Pipelines, CouplingCases> {
  /** Those whose app the actor may see. */
  async function visible(
    actor: Actor,
    which: Parameters<PipelineStore['couplings']>[0],
    signal: AbortSignal,
  ): Promise<readonly Coupling[]> {
    const all = await store.couplings(which, signal);
    if (all.length === 0) return all;
    const seen = new Set((await apps.list(actor, signal)).map(({ id }) => id));
    return all.filter(({ app }) => seen.has(app.id) && scopesCover(actor.scopes, 'view', app.id));
  }

  async function find(actor: Actor, id: string, signal: AbortSignal): Promise<Coupling> {
    const [found] = await store.couplings({ id }, signal);
    const app = found && (await apps.findFor(actor, found.app.id, signal));
    const seen =
      app && roleOf(app.standing, actor) !== null && scopesCover(actor.scopes, 'view', app.id) && found;
    return there(id, seen || undefined, 'pipeline_coupling');
  }

  return {
    async couplings(actor, signal) {
      needPeople(actor);
      return visible(actor, {}, signal);
    },

    async couplingsOf(actor, nameOrId, signal) {
      const pipeline = await reachPipeline(store, actor, 'view', nameOrId, signal);
      return visible(actor, { pipelineId: pipeline.id }, signal);
    },

    async couplingOfApp(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      const [found] = await store.couplings({ appId: app.id }, signal);
      return there(app.name, found, 'pipeline_coupling');
    },

    findCoupling: find,

    async couple(actor, wish, signal) {
      const app = await reach(apps, actor, 'operate', wish.app, signal);
      const pipeline = await reachPipeline(store, actor, 'manage', wish.pipeline, signal);
      const order = { id: randomUUID(), pipelineId: pipeline.id, appId: app.id, stage: wish.stage };
      return there(pipeline.name, await store.couple(order, signal));
    },

    async setStage(actor, id, stage, signal) {
      const found = await find(actor, id, signal);
      await reach(apps, actor, 'operate', found.app.id, signal);
      if (stage === undefined || stage === found.stage) return found;
      return there(id, await store.setStage(id, stage, signal), 'pipeline_coupling');
    },

    async uncouple(actor, id, signal) {
      const found = await find(actor, id, signal);
      await reach(apps, actor, 'operate', found.app.id, signal);
      await store.uncouple(id, signal); // false: gone, which is what was asked for
      return found;
    },
  };
}

/**
 * The first statement of every use case about a pipeline. Throws `not_found` alike for one that does not exist and for
 * one of which the actor may see nothing, `forbidden_pipeline` when their role on it is too small.
 */
export async function reachPipeline(
  store: Pick<PipelineStore, 'find'>,
  actor: Actor,
  need: PipelineNeed,
  nameOrId: string,
  signal: AbortSignal,
): Promise<SeenPipeline> {
  const found = scopesCoverPeople(actor.scopes)
    ? await store.find(actor.userId, nameOrId, signal)
    : undefined;
  const role = found && pipelineRoleOf(found.standing, actor);
  if (!found || !role) throw missing('pipeline', nameOrId);
  if (need === 'view') return found;
  if (role === 'view')
    throw PlatformError.of('forbidden_pipeline', { pipeline: found.name, may: 'look at', not: 'change it' });
  if (role === 'manage' && need !== 'manage')
    throw PlatformError.of('forbidden_pipeline', {
      ...{ pipeline: found.name, may: 'change', not: 'destroy it or give it away' },
    });
  const covers = need === 'give' ? scopesCoverGiving : scopesCoverCreating;
  if (!covers(actor.scopes)) {
    const doing = need === 'give' ? 'giving away' : 'changing';
    throw PlatformError.of('scope_too_small', { what: `${doing} pipeline ${found.name}` });
  }
  return found;
}

/** Whom a wish means: an account, or a team into which the actor may put things. */
async function ownerFor(
  { teams, directory }: PipelinesDeps,
  actor: Actor,
  { id, type }: OwnerWish,
  signal: AbortSignal,
): Promise<NewOwner> {
  if (type === 'team')
    return { userId: actor.userId, teamId: (await reachTeam(teams, actor, 'contribute', id, signal)).id };
  const person = isSelf(actor, id) ? { id: actor.userId } : await personOf(directory, actor, id, signal);
  return { userId: person.id, teamId: null };
}

/** The first statement of looking at what there is of pipelines. Throws `scope_too_small`. */
export function needPeople(actor: Actor): void {
  if (!scopesCoverPeople(actor.scopes))
    throw PlatformError.of('scope_too_small', { what: 'looking at pipelines' });
}

function missing(resource: string, name: string): Error {
  return PlatformError.of('not_found', { resource, name: name.slice(0, 100) });
}

function there<T>(name: string, found: T | undefined, resource = 'pipeline'): T {
  if (found === undefined) throw missing(resource, name);
  return found;
}

function readName(name: string): string {
  const problem = pipelineName.safeParse(name).error?.issues[0]?.message;
  if (problem !== undefined) throw PlatformError.of('invalid_params', { field: 'Name', problem });
  return name;
}
