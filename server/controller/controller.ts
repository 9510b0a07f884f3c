import { withDeadline } from '../../lib/deadline.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { startLoop, type Loop } from '../../lib/loop.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import { plan, type Step } from '../domain/plan.ts';
import { staysUp } from '../domain/release.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import type { Happenings } from '../ports/happenings.ts';
import type { Engine, FoundInstance } from '../ports/engine.ts';
import type { ExecuteDeps } from './execute.ts';
import { createCollection, type Collection, type CollectionDeps } from './collection.ts';
import { createLanes } from './lanes.ts';
import { isComingBack } from './coming-back.ts';
import { giveUpUnreadable } from './giving-up.ts';
import { judge, worldOf } from './observe.ts';
import { createInstanceNews } from './instance-news.ts';
import { createProgress } from './progress.ts';
import type { Check, Readiness } from './readiness.ts';
import { createRouteNews } from './route-news.ts';
import type { Routes, WantedRoute } from './routes.ts';
import { createTeller } from './teller.ts';
import { pruneTranscripts, type PruningDeps } from './transcript-pruning.ts';

/**
 * The only writer of instances: it alone starts and stops them and tells the router where requests go. Level-triggered:
 * each round looks at everything, plans one step further for every app, acts, and looks again.
 *
 * INVARIANTS: at most one batch of steps per deployment of an app at a time; one app's failure is confined to that app; a controller
 * whose reign has ended does nothing any more.
 */
export interface Controller extends AsyncDisposable {
  /** Takes control; until then nothing is looked at or done. To be called once, when what it routes to itself listens. */
  start(): void;
  /** Whether the router has served a table of this controller. */
  inControl(): boolean;
  /** Whether no app's visitors wait for a process that is on its way, as many do when the machine has just started. */
  appsAreBack(): boolean;
  /** Whether the router has acknowledged that it carries this host. */
  carries(host: string): boolean;
  /** Asks for a look soon. */
  wake(appId: string): void;
  /** What is known to run for an app, as of the last look. */
  instancesOf(appId: string): readonly Instance[];
}

export interface ControllerDeps
  extends Omit<ExecuteDeps, 'collection' | 'ending'>, CollectionDeps, PruningDeps {
  readonly engine: Engine;
  readonly readiness: Readiness;
  readonly routes: Routes;
  readonly nowMs: () => number;
  /** Writes down what becomes of instances. */
  readonly note: Happenings['note'];
  /** Called when a newer controller reigns: this process has nothing left to do. */
  readonly fenced: () => void;
}

/** A lost wake-up costs this much. */
const ROUND_MS = 1_000;
/** A round that takes longer has lost its engine, database or router; the next one asks anew. */
const ROUND_LIMIT_MS = 30_000;
/** Housekeeping: isolation rules are made true again, images and transcripts nobody needs are removed. */
const ISOLATE_MS = 30_000;
const COLLECT_ENGINE_MS = 10 * 60_000;
const COLLECT_REGISTRY_MS = 60_000;
const PRUNE_MS = 60_000;

interface Planned {
  readonly desired: DesiredApp;
  readonly instances: readonly Instance[];
  readonly steps: readonly Step[];
}

export function createController(deps: ControllerDeps): Controller {
  const { log, readiness, routes, rollouts } = deps;
  let loop: Loop | undefined;
  const wake = (): void => loop?.wake();
  const collection = createCollection(deps);
  const tell = createTeller(deps);
  const news = createInstanceNews(tell);
  const routeNews = createRouteNews(tell);
  const ending: ExecuteDeps['ending'] = (instance, signal) => news.ending(instance, signal);
  const lanes = createLanes({ ...deps, collection, ending }, wake);
  const progress = createProgress(deps);
  const planSafely = createSafePlanning(log);
  let shown: readonly Instance[] = [];
  let recovered = false;
  let inControl = false;
  let appsAreBack = false;
  const bornMs = deps.nowMs();

  async function round(signal: AbortSignal): Promise<void> {
    if (!(await deps.state.reigns(deps.epoch(), signal))) {
      deps.fenced();
      return;
    }
    // Found before desired: an instance that is found then belongs to an app that is known, or to one that is gone.
    const found = await deps.engine.find(signal);
    const desired = withOrphans(await deps.state.desired(signal), found);
    await giveUpUnreadable(deps, desired, signal);
    if (!recovered) {
      // What serves is ready by definition: taking it out of the router until it was asked again would drop requests.
      for (const id of await routes.recover(found, leftMsOf(desired), signal)) readiness.trust(id);
      recovered = true;
    }
    const checks = new Map(desired.map((d) => [d.app.id, d]));
    readiness.watch(found, (instance) => checkOf(deps, checks.get(instance.appId), instance));
    const instances = judge(found, readiness, lanes.stopping);
    news.look(instances, desired, signal);
    const deploying = new Set(desired.flatMap(({ app, next }) => (next === null ? [] : [app.id])));
    const look = await routes.look(instances, deploying, signal);
    rollouts.count(look.reports);

    const planned = desired.map((d): Planned => {
      const mine = instances.filter((i) => i.appId === d.app.id);
      progress.instances(d, mine, signal);
      const world = worldOf(d, mine, { nowMs: deps.nowMs(), look, routes, rollouts, readiness });
      return { desired: d, instances: mine, steps: planSafely(d, () => plan(world)) };
    });
    shown = planned.flatMap((p) => asShown(p));
    // All apps' routes go out as one table; steps that rely on them are planned in the next round.
    const wanted = wantedRoutes(deps, planned);
    const tookMs = await routes.apply(wanted, instances, signal);
    routeNews.look(wanted, instances, signal);
    inControl = true;
    appsAreBack = !planned.some((p) =>
      isComingBack({ ...p, route: routes.acknowledged(p.desired.app.id) }, bornMs),
    );
    for (const p of planned) {
      progress.routed(p.desired, p.steps, tookMs);
      lanes.drive(p.desired, p.instances, p.steps);
    }
    if (tookMs > 0) wake();
  }

  let loops: readonly Loop[] = [];
  return {
    start() {
      loop = startRounds(deps, round);
      loops = [loop, ...startHousekeeping(deps, collection, wake)];
    },
    inControl: () => inControl,
    appsAreBack: () => appsAreBack,
    carries: (host) => routes.carries(host),
    wake,
    instancesOf: (appId) => shown.filter((i) => i.appId === appId),
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map((l) => l[Symbol.asyncDispose]()));
      await lanes[Symbol.asyncDispose]();
      await readiness[Symbol.asyncDispose]();
    },
  };
}

/**
 * As people are to see them. What has ended and is to be removed had been told to end, or has a successor that is up: nobody
 * needs to hear of a crash. A command that has ended is no longer there. And what a live release has replaced is leaving, also while its last requests are answered.
 */
function asShown({ desired, instances, steps }: Planned): Instance[] {
  const going = new Set(steps.flatMap((step) => (step.do === 'remove' ? [step.instance] : [])));
  const live = desired.current?.deployment.seq ?? 0;
  const leaves = ({ id, seq, state }: Instance): boolean =>
    state === 'crashed' ? going.has(id) : state === 'ready' && seq < live;
  const there = instances.filter(({ type, state }) => staysUp(type) || state !== 'crashed');
  return there.map((one) => (leaves(one) ? { ...one, state: 'stopping' } : one));
}

function startRounds(deps: ControllerDeps, round: (signal: AbortSignal) => Promise<void>): Loop {
  const { log, fenced } = deps;
  return startLoop(
    async (signal) => {
      try {
        await withDeadline(ROUND_LIMIT_MS, signal, round);
      } catch (err) {
        // The router may have heard of a newer controller before the database says so.
        if (!PlatformError.is(err, 'fenced')) throw err;
        log.warn({ err }, 'this reign is over');
        fenced();
      }
    },
    { name: 'controller', log, everyMs: ROUND_MS },
  );
}

function startHousekeeping(deps: ControllerDeps, collection: Collection, wake: () => void): Loop[] {
  const { engine, log } = deps;
  return [
    startLoop((signal) => engine.isolate(signal), { name: 'isolation', log, everyMs: ISOLATE_MS }),
    startLoop((signal) => collection.engine(signal), {
      name: 'collection',
      log,
      everyMs: COLLECT_ENGINE_MS,
    }),
    startLoop((signal) => collection.registry(signal), {
      name: 'registry collection',
      log,
      everyMs: COLLECT_REGISTRY_MS,
    }),
    startLoop((signal) => pruneTranscripts(deps, signal), { name: 'transcripts', log, everyMs: PRUNE_MS }),
    startLoop((signal) => listen(deps, wake, signal), { name: 'engine events', log, everyMs: ROUND_MS }),
  ];
}

/** Wakes the loop for every change the engine reports, until the stream ends. */
async function listen(deps: ControllerDeps, wake: () => void, signal: AbortSignal): Promise<void> {
  const changes = deps.engine.changes(signal)[Symbol.asyncIterator]();
  while (!(await changes.next()).done) wake();
}

/** One poisoned app must not stop the others; what is wrong with it is said once, not every round. */
function createSafePlanning(log: Logger): (desired: DesiredApp, decide: () => Step[]) => Step[] {
  const said = new Map<string, string>();
  const complain = ({ app }: DesiredApp, problem: string, err?: unknown): Step[] => {
    if (said.get(app.id) !== problem)
      log.error({ err, app: app.name, problem }, 'could not plan for an app; the others go on');
    said.set(app.id, problem);
    return [];
  };
  return (desired, decide) => {
    if (desired.unreadable !== null) return complain(desired, desired.unreadable);
    try {
      const steps = decide();
      said.delete(desired.app.id);
      return steps;
    } catch (err) {
      return complain(desired, messageOf(err), err);
    }
  };
}

/** When an instance that was replaced received its last visitor: its successor's success was written once all had moved. */
function leftMsOf(desired: readonly DesiredApp[]): (instance: Instance) => number | null {
  const live = new Map(desired.map(({ app, current }) => [app.id, current?.deployment]));
  return ({ appId, seq }) => {
    const current = live.get(appId);
    return current && seq < current.seq ? (current.finishedAt?.getTime() ?? null) : null;
  };
}

/** What the planner wants to change, else what is acknowledged; an app that is gone from both has no hosts any more. */
function wantedRoutes(deps: ControllerDeps, planned: readonly Planned[]): WantedRoute[] {
  return planned.flatMap(({ desired: { app, deleting, domains, maintenance, affinity }, steps }) => {
    const route = steps.find((s) => s.do === 'route')?.to ?? deps.routes.acknowledged(app.id);
    if (deleting && !route.serving && !route.staged) return [];
    const hosts = [deps.hostOf(app.name), ...domains.map(({ host }) => host)];
    const certificates = domains.flatMap(({ host, certificate }) =>
      certificate === null ? [] : [{ host, digest: certificate }],
    );
    return [{ appId: app.id, hosts, certificates, maintenance, affinity, route }];
  });
}

function checkOf(deps: ControllerDeps, desired: DesiredApp | undefined, instance: FoundInstance): Check {
  const rollout = [desired?.next, desired?.current].find((r) => r?.deployment.seq === instance.seq);
  return {
    host: deps.hostOf(desired?.app.name ?? 'unknown'),
    path: rollout?.image.checks[instance.type] ?? null,
  };
}

/** Instances of apps that nobody knows any more go; once they are gone nobody asks for the rest, which stays: a repository may be all that is left. */
function withOrphans(desired: readonly DesiredApp[], found: readonly FoundInstance[]): readonly DesiredApp[] {
  const known = new Set(desired.map((d) => d.app.id));
  const orphans = new Set(found.map((i) => i.appId).filter((id) => !known.has(id)));
  const gone = [...orphans].map((id) => ({
    app: { id, name: `orphan-${id.slice(0, 8)}`, network: -1 },
    deleting: true,
    maintenance: false,
    affinity: false,
    domains: [],
    formation: new Map<string, number>(),
    current: null,
    next: null,
    unreadable: null,
    unreadableNext: null,
  }));
  return [...desired, ...gone];
}
