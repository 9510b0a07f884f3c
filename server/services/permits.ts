import { scopesCover, scopesCoverPeople, type Permission } from '../domain/access.ts';
import type { Actor, Scope } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { PipelineNeed } from '../domain/pipeline.ts';
import type { Apps } from '../ports/apps.ts';
import type { Teams } from '../ports/membership.ts';
import type { Pipelines as PipelineStore } from '../ports/pipelines.ts';
import type { Need } from '../contract/endpoint.ts';
import { needPeople, reachPipeline, type Pipelines } from './pipelines.ts';
import { needAdmin, needCreating, needGlobal, needListing, reach } from './reach.ts';
import { reachTeam } from './teams.ts';

/** What a call says that it is about, as far as that could be read; by name or id. */
export interface Subject {
  readonly app: string | undefined;
  readonly pipeline: string | undefined;
  readonly coupling: string | undefined;
  readonly team: string | undefined;
}

/** What use cases say to those who may not, without a use case: for calls in which something else is wrong as well. */
export interface Permits {
  /**
   * Throws what the use case that needs this would say first to an actor who may not do it. What is wrong with a call is
   * no concern of theirs: it would tell them what is there.
   */
  check(actor: Actor, need: Need, subject: Subject, signal: AbortSignal): Promise<void>;
}

export interface PermitsDeps {
  readonly apps: Pick<Apps, 'findFor'>;
  readonly teams: Pick<Teams, 'find'>;
  readonly store: Pick<PipelineStore, 'find'>;
  readonly pipelines: Pick<Pipelines, 'findCoupling'>;
}

type OfApp = Extract<Need, `app:${string}`>;
type OfPipeline = Extract<Need, `pipeline:${string}`>;
type OfTeam = Extract<Need, `team:${string}`>;

const ON_APP: Readonly<Record<OfApp, Permission>> = {
  'app:view': 'view',
  'app:secrets': 'secrets',
  'app:configure': 'configure',
  'app:run': 'run',
  'app:deploy': 'deploy',
  'app:operate': 'operate',
  'app:manage': 'manage',
  'app:share': 'share',
  'app:admin': 'admin',
  'app:give': 'give',
};
const ON_PIPELINE: Readonly<Record<OfPipeline, PipelineNeed>> = {
  'pipeline:view': 'view',
  'pipeline:manage': 'manage',
  'pipeline:couple': 'manage',
  'pipeline:admin': 'admin',
  'pipeline:give': 'give',
};

/** What depends on nothing but the actor. */
const OF_ACTOR: Readonly<Record<Exclude<Need, OfApp | OfPipeline | OfTeam>, (actor: Actor) => void>> = {
  open: () => undefined,
  link: () => undefined,
  identity: () => undefined,
  'platform:read': () => undefined,
  'platform:admin': (actor) => needAdmin(actor, 'do this'),
  'self:read': (actor) => needGlobal(actor, 'your account'),
  'self:write': (actor) => needGlobal(actor, 'your account'),
  'apps:list': needListing,
  'apps:create': needCreating,
  'teams:list': needTeams,
  'teams:create': (actor) => needGlobal(actor, 'making teams'),
  'pipelines:list': needPeople,
  'pipelines:create': needCreating,
};

export function createPermits({ apps, teams, store, pipelines }: PermitsDeps): Permits {
  async function onApp(
    actor: Actor,
    permission: Permission,
    { app, coupling }: Pick<Subject, 'app' | 'coupling'>,
    signal: AbortSignal,
  ): Promise<void> {
    const name =
      coupling === undefined ? app : (await pipelines.findCoupling(actor, coupling, signal)).app.id;
    if (name === undefined) {
      if (!coversSome(actor.scopes, permission)) throw PlatformError.of('scope_too_small', { what: 'this' });
      return;
    }
    await reach(apps, actor, permission, name, signal);
  }

  return {
    async check(actor, need, subject, signal) {
      if (isOfApp(need)) {
        await onApp(actor, ON_APP[need], subject, signal);
      } else if (isOfPipeline(need)) {
        const { pipeline } = subject;
        if (need === 'pipeline:couple')
          await onApp(actor, 'operate', { ...subject, coupling: undefined }, signal);
        if (pipeline === undefined) needPeople(actor);
        else await reachPipeline(store, actor, ON_PIPELINE[need], pipeline, signal);
      } else if (isOfTeam(need)) {
        if (subject.team === undefined) needTeams(actor);
        else await reachTeam(teams, actor, need === 'team:admin' ? 'admin' : 'view', subject.team, signal);
      } else {
        OF_ACTOR[need](actor);
      }
    },
  };
}

const isOfApp = (need: Need): need is OfApp => need in ON_APP;
const isOfPipeline = (need: Need): need is OfPipeline => need in ON_PIPELINE;
const isOfTeam = (need: Need): need is OfTeam => need.startsWith('team:');

/** Whether a credential is good for this on any app at all. */
function coversSome(scopes: readonly Scope[], permission: Permission): boolean {
  const apps = scopes.map((scope) => (scope.startsWith('deploy:') ? scope.slice('deploy:'.length) : ''));
  return apps.some((app) => scopesCover(scopes, permission, app));
}

function needTeams(actor: Actor): void {
  if (!scopesCoverPeople(actor.scopes))
    throw PlatformError.of('scope_too_small', { what: 'looking at teams' });
}
