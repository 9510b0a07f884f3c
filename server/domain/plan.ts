import type { Formation } from './app.ts';
import { RECOVERED_MS, restartDelay } from './backoff.ts';
import { instanceName, type Instance } from './instance.ts';
import { commandOf, RELEASE_COMMAND, releasePhase } from './release-phase.ts';

/** A web process must accept connections this long after its start (Heroku's R10). */
export const BOOT_LIMIT_MS = 60_000;
/**
 * The new release must have answered through the router this long after the start of its last instance. Counted from
 * there, not from its staging: the engine knows that moment, so a controller that takes over goes by the same limit.
 */
const PROOF_LIMIT_MS = 90_000;
/** A replaced instance keeps its open requests this long before it is told to end. */
const DRAIN_LIMIT_MS = 30_000;
/** Never less: a connection may be on its way to an instance that was just taken out (measured: 100 ms lose nothing). */
const DRAIN_LEAST_MS = 1_000;
/** From SIGTERM to SIGKILL. */
export const STOP_GRACE_SECONDS = 30;

/** One deployment's set of instances. */
export interface Side {
  readonly seq: number;
  /** The process types its release has. */
  readonly types: readonly string[];
}

/** The deployment that is under way. */
interface Incoming extends Side {
  readonly status: 'pending' | 'rolling';
  /** What the last request through the router met; null while none has come back to this controller. */
  readonly heard: string | null;
  /** A request through the router was answered by one of the staged instances. */
  readonly proven: boolean;
  /** Why it cannot go on, once trying again has not helped: the engine refuses its image, say. */
  readonly trouble: string | null;
  /** It has a command that must end well before anything else of it is started. */
  readonly hasCommand: boolean;
  /** All that the command printed has been told to whoever follows the deployment. */
  readonly relayed: boolean;
}

/** Who gets an app's requests: instance ids of one deployment. */
export interface Target {
  readonly seq: number;
  readonly instances: readonly string[];
}

/** `serving` null: nothing has ever been deployed, or it is all gone. */
export interface AppRoute {
  readonly serving: Target | null;
  readonly staged: Target | null;
}

export const NO_ROUTE: AppRoute = { serving: null, staged: null };

/** What is known about an instance's requests. */
export interface Traffic {
  readonly sessions: number;
  /** How long no new request can have reached it; Infinity if none ever could. */
  readonly unroutedMs: number;
}

/** One app as it is asked for and as it was found, at one moment. */
export interface World {
  readonly nowMs: number;
  readonly deleting: boolean;
  readonly formation: Formation;
  readonly current: Side | null;
  readonly next: Incoming | null;
  readonly instances: readonly Instance[];
  /** What every router process has acknowledged. */
  readonly route: AppRoute;
  readonly traffic: ReadonlyMap<string, Traffic>;
  /**
   * By id of an instance: why it is not ready, as was found when it was last asked. One that is missing has not been asked
   * yet by this controller, so nothing may be held against it, however long it has been running.
   */
  readonly unready: ReadonlyMap<string, string>;
}

/** What to do; each step is idempotent and safe to repeat. */
export type Step =
  | { readonly do: 'begin' }
  | {
      readonly do: 'start';
      readonly seq: number;
      readonly type: string;
      readonly number: number;
      readonly attempt: number;
    }
  | { readonly do: 'route'; readonly to: AppRoute }
  /** Tell what the release command prints, until it has ended. */
  | { readonly do: 'relay'; readonly instance: string }
  /** A request through the router, answered at that moment at the latest. */
  | { readonly do: 'prove'; readonly untilMs: number }
  | { readonly do: 'succeed' }
  | { readonly do: 'fail'; readonly reason: string; readonly instance: string | null }
  | { readonly do: 'stop'; readonly instance: string; readonly why: string }
  | { readonly do: 'remove'; readonly instance: string }
  | { readonly do: 'forget' };

/**
 * The next steps from what runs towards what was asked for; an empty answer means converged or waiting.
 *
 * Deliberately one round at a time: steps may fail, hosts may vanish, and the owner may change their mind, so the
 * caller observes again and asks again instead of following a long script.
 *
 * Kept by every answer, whatever the world:
 * - only ready instances are routed, and only those of the current or (once proven) the incoming deployment;
 * - an instance that the router still names is never stopped;
 * - what serves leaves only after what replaces it is routed and its own requests have drained.
 */
export function plan(world: World): Step[] {
  if (world.deleting) return planRemoval(world);
  const route = wantedRoute(world);
  return [
    ...(sameRoute(route, world.route) ? [] : [{ do: 'route', to: route } as const]),
    ...(world.current ? fill(world, world.current, false) : []),
    ...(world.next ? advance(world, world.next) : []),
    ...retire(world, route),
  ];
}

/** How many instances of a type this side should have. */
function wanted(formation: Formation, side: Side, type: string): number {
  return side.types.includes(type) ? (formation.get(type) ?? 0) : 0;
}

function planRemoval(world: World): Step[] {
  if (!sameRoute(NO_ROUTE, world.route)) return [{ do: 'route', to: NO_ROUTE }];
  if (world.instances.length === 0) return [{ do: 'forget' }];
  return world.instances.flatMap((found) => end(found, 'the app was destroyed'));
}

/** Where one instance of a side belongs, and what is there. */
interface Place {
  readonly type: string;
  readonly number: number;
  readonly live: Instance | undefined;
  readonly dead: Instance | undefined;
  /** Attempts whose names are taken, by whatever is there in whatever state. */
  readonly taken: readonly number[];
}

/** The places of a side in order, each with its newest living and its newest dead instance. */
function places(world: World, side: Side): Place[] {
  return side.types.flatMap((type) =>
    Array.from({ length: wanted(world.formation, side, type) }, (_, index) => {
      const here = world.instances
        .filter((i) => i.seq === side.seq && i.type === type && i.number === index + 1)
        .toSorted((a, b) => b.attempt - a.attempt);
      return {
        type,
        number: index + 1,
        // A ready one before a younger one that still starts: whatever is cut is the least useful to a visitor.
        live:
          here.find((i) => i.state === 'ready') ??
          here.find((i) => i.state === 'starting' || i.state === 'created'),
        dead: here.find((i) => i.state === 'crashed'),
        taken: here.map((i) => i.attempt),
      };
    }),
  );
}

/** Fills every empty place of a side; the incoming side gets no second attempts, its deployment fails instead. */
function fill(world: World, side: Side, firstOnly: boolean): Step[] {
  return places(world, side).flatMap((place): Step[] => {
    const { type, number, live, dead, taken } = place;
    const start = (attempt: number): Step[] => [{ do: 'start', seq: side.seq, type, number, attempt }];
    if (live?.state === 'created') return start(live.attempt);
    if (live) {
      const hangs = !firstOnly && lateness(world, live) !== null;
      return hangs ? [{ do: 'stop', instance: live.id, why: 'it did not get ready in time' }] : [];
    }
    // One that is still being stopped keeps its name: scaled down and up again, the place gets the next number.
    if (!dead) return start(Math.max(-1, ...taken) + 1);
    const attempt = firstOnly ? null : nextAttempt(dead, taken, world.nowMs);
    return attempt === null ? [] : start(attempt);
  });
}

/** The attempt that follows a crash, or null while it is too early for one. */
function nextAttempt(dead: Instance, taken: readonly number[], nowMs: number): number | null {
  const recovered = ranFor(dead) >= RECOVERED_MS;
  const due = (dead.endedAt?.getTime() ?? 0) + restartDelay(recovered ? 0 : dead.attempt);
  if (due > nowMs) return null;
  return recovered && !taken.includes(1) ? 1 : Math.max(...taken) + 1;
}

/** The incoming deployment's own steps: begin, release command, boot, prove, succeed, or fail with the reason. */
function advance(world: World, next: Incoming): Step[] {
  if (next.status === 'pending') return [{ do: 'begin' }];
  const reason = failure(world, next);
  if (reason) return [reason];
  const phase = releasePhase(world, next);
  if (phase.is === 'waiting') return [];
  if (phase.is === 'running') return [command(next, phase.instance)];
  const all = places(world, next);
  if (!all.every((place) => place.live?.state === 'ready')) return fill(world, next, true);
  const web = all.filter((place) => place.type === 'web');
  if (web.length === 0 || world.route.serving?.seq === next.seq) return [{ do: 'succeed' }];
  const isDue = world.route.staged?.seq === next.seq && !next.proven;
  return isDue ? [{ do: 'prove', untilMs: proofDue(web) }] : [];
}

/** Never a second time: what ran once has changed what it was to change. */
function command({ seq }: Incoming, running: string | null): Step {
  if (running !== null) return { do: 'relay', instance: running };
  return { do: 'start', seq, type: RELEASE_COMMAND, number: 1, attempt: 0 };
}

function failure(world: World, next: Incoming): Extract<Step, { do: 'fail' }> | null {
  if (next.trouble !== null) return { do: 'fail', reason: next.trouble, instance: null };
  const phase = releasePhase(world, next);
  if (phase.is === 'failed') return { do: 'fail', reason: phase.reason, instance: null };
  const all = places(world, next);
  for (const { live, dead } of all) {
    if (dead) return { do: 'fail', reason: crash(dead), instance: dead.id };
    const late = live && lateness(world, live);
    if (late) return { do: 'fail', reason: late, instance: live.id };
  }
  return unproven(
    world,
    next,
    all.filter((place) => place.type === 'web'),
  );
}

/** The end of a release that is healthy, when it has had its time to answer through the router. */
function unproven(world: World, next: Incoming, web: readonly Place[]): Extract<Step, { do: 'fail' }> | null {
  // Never before it was asked: a controller that takes over late has to find out whether it answers.
  if (web.length === 0 || next.heard === null || next.proven) return null;
  if (world.nowMs <= proofDue(web)) return null;
  const reason = `the new release is healthy but did not answer through the router within ${PROOF_LIMIT_MS / 1000} s of its start: ${next.heard}`;
  return { do: 'fail', reason, instance: web.find(({ live }) => live)?.live?.id ?? null };
}

/** Until when a side must have answered through the router. */
function proofDue(web: readonly Place[]): number {
  return Math.max(0, ...web.map(({ live }) => live?.startedAt?.getTime() ?? 0)) + PROOF_LIMIT_MS;
}

/** Why an instance that is not ready should be by now, or null while it may take its time. */
function lateness(world: World, live: Instance): string | null {
  const heard = world.unready.get(live.id);
  if (live.state !== 'starting' || heard === undefined || live.startedAt === null) return null;
  if (world.nowMs - live.startedAt.getTime() <= BOOT_LIMIT_MS) return null;
  return `${instanceName(live)} was not healthy within ${BOOT_LIMIT_MS / 1000} s of its start: ${heard}`;
}

/** 128 and SIGKILL. */
const KILLED = 137;

function crash(dead: Instance): string {
  const name = instanceName(dead);
  if (dead.exit?.outOfMemory) return `${name} was killed because it used more memory than it may`;
  // Engines do not hear of every process that the kernel ends for its memory.
  if (dead.exit?.code === KILLED)
    return `${name} was killed before its release was live (status ${KILLED}), most likely because it used more memory than it may`;
  return `${name} exited with status ${dead.exit?.code ?? 'unknown'} before its release was live`;
}

function wantedRoute(world: World): AppRoute {
  const { current, next } = world;
  const ready = (side: Side): string[] =>
    places(world, side).flatMap(({ type, live }) =>
      type === 'web' && live?.state === 'ready' ? [live.id] : [],
    );
  const here = current ? { seq: current.seq, instances: ready(current) } : null;
  if (next?.status !== 'rolling' || failure(world, next)) return { serving: here, staged: null };

  const incoming = { seq: next.seq, instances: ready(next) };
  const complete = places(world, next).every((place) => place.live?.state === 'ready');
  // Once traffic has moved it stays moved, also when we died before writing that down.
  const moved = world.route.serving?.seq === next.seq;
  if (!complete || incoming.instances.length === 0) return { serving: here, staged: null };
  return next.proven || moved ? { serving: incoming, staged: null } : { serving: here, staged: incoming };
}

/** Everything that fills no place: out of the router first, then drained, then ended, then removed. */
function retire(world: World, route: AppRoute): Step[] {
  const kept = new Set<string>();
  for (const side of [world.current, world.next]) {
    if (!side) continue;
    for (const { live, dead } of places(world, side)) {
      if (live) kept.add(live.id);
      // The dead one carries the count of attempts until a younger one takes over.
      if (dead && !(live && live.attempt > dead.attempt)) kept.add(dead.id);
    }
  }
  // That it has ended is what says that it is not to be run again.
  const command = world.next && commandOf(world.instances, world.next.seq);
  if (command) kept.add(command.id);
  const named = new Set(
    [world.route, route].flatMap((r) => [...(r.serving?.instances ?? []), ...(r.staged?.instances ?? [])]),
  );
  return world.instances.flatMap((found) => {
    if (kept.has(found.id) || named.has(found.id)) return [];
    if (alive(found) && !drained(world.traffic.get(found.id))) return [];
    return end(found, 'superseded');
  });
}

function end(found: Instance, why: string): Step[] {
  switch (found.state) {
    case 'starting':
    case 'ready':
      return [{ do: 'stop', instance: found.id, why }];
    case 'created':
    case 'crashed':
      return [{ do: 'remove', instance: found.id }];
    case 'stopping':
      return [];
  }
}

function drained(traffic: Traffic | undefined): boolean {
  if (!traffic) return true;
  if (traffic.unroutedMs >= DRAIN_LIMIT_MS) return true;
  return traffic.sessions === 0 && traffic.unroutedMs >= DRAIN_LEAST_MS;
}

function alive(found: Instance): boolean {
  return found.state === 'starting' || found.state === 'ready';
}

function ranFor(dead: Instance): number {
  return dead.startedAt && dead.endedAt ? dead.endedAt.getTime() - dead.startedAt.getTime() : 0;
}

function sameRoute(a: AppRoute, b: AppRoute): boolean {
  return sameTarget(a.serving, b.serving) && sameTarget(a.staged, b.staged);
}

function sameTarget(a: Target | null, b: Target | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.seq === b.seq &&
    a.instances.length === b.instances.length &&
    a.instances.every((id) => b.instances.includes(id))
  );
}
