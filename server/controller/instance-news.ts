import type { Note } from '../domain/happening.ts';
import { instanceName, type Instance, type InstanceState } from '../domain/instance.ts';
import { staysUp } from '../domain/release.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import type { Tell } from './teller.ts';

/** Tells what becomes of instances, of which the database knows nothing: they are observed, round by round. */
export interface InstanceNews {
  /** Compares with what was seen before. The first look tells nothing: what is there then was told by an earlier server. */
  look(instances: readonly Instance[], desired: readonly DesiredApp[], signal: AbortSignal): void;
  /** Tells at once that an instance is being told to end: whatever becomes of it then is no crash. */
  ending(instance: Instance, signal: AbortSignal): void;
}

/** An instance, and what was last told of it in the Platform API's words. */
interface Told {
  readonly instance: Instance;
  readonly state: string;
}

export function createInstanceNews(tell: Tell): InstanceNews {
  let known: ReadonlyMap<string, Told> | undefined;
  /** Those that were told to end and are not gone. */
  const ended = new Set<string>();
  return {
    look(instances, desired, signal) {
      const there = instances.filter(({ state }) => state !== 'created');
      const now = new Map(there.map((one) => [one.id, { instance: one, state: wordOf(one, ended) }]));
      tell(known ? changes(known, now, desired) : [], signal);
      known = now;
      for (const id of ended) if (!now.has(id)) ended.delete(id);
    },
    ending(instance, signal) {
      const old = known?.get(instance.id);
      const state = WORDS.stopping;
      if (old?.state === WORDS.crashed || ended.has(instance.id)) return;
      ended.add(instance.id);
      if (known === undefined || old === undefined) return;
      known = new Map(known).set(instance.id, { instance, state });
      tell([noteOf(instance, 'update', { state: old.state }, { state })], signal);
    },
  };
}

function wordOf({ id, type, state, exit }: Instance, ended: ReadonlySet<string>): string {
  if (!staysUp(type) && exit?.code === 0) return DOWN; // it was to end
  if (!ended.has(id)) return WORDS[state];
  return state === 'crashed' ? DOWN : WORDS.stopping;
}

function changes(
  before: ReadonlyMap<string, Told>,
  now: ReadonlyMap<string, Told>,
  desired: readonly DesiredApp[],
): Note[] {
  const notes: Note[] = [];
  for (const { instance, state } of now.values()) {
    const old = before.get(instance.id);
    if (!old) {
      const command = commandOf(instance, desired);
      notes.push(
        noteOf(instance, 'create', null, { state: 'starting', ...(command !== undefined && { command }) }),
      );
    }
    const was = old?.state ?? WORDS.starting;
    if (was !== state) notes.push(noteOf(instance, 'update', { state: was }, { state, ...exitOf(instance) }));
  }
  for (const { instance, state } of before.values())
    if (!now.has(instance.id)) notes.push(noteOf(instance, 'destroy', { state }, { state: DOWN }));
  return notes;
}

const DOWN = 'down';

/** The Platform API's words. */
const WORDS: Readonly<Record<InstanceState, string>> = {
  created: 'starting',
  starting: 'starting',
  ready: 'up',
  stopping: 'stopping',
  crashed: 'crashed',
};

function noteOf(
  instance: Instance,
  action: Note['action'],
  before: Note['before'],
  after: Note['after'],
): Note {
  const { id, appId, type, number, release } = instance;
  const name = instanceName(instance);
  return {
    kind: 'instance',
    action,
    appId,
    subject: id,
    before,
    after: { name, type, number, release, ...timesOf(instance), ...after },
  };
}

/** As far as it has any: they are among what names it to those who look it up. */
function timesOf({ startedAt, endedAt }: Instance): {
  readonly startedAt?: string;
  readonly endedAt?: string;
} {
  return {
    ...(startedAt && { startedAt: startedAt.toISOString() }),
    ...(endedAt && { endedAt: endedAt.toISOString() }),
  };
}

function exitOf({ exit }: Instance): { readonly exit?: number } {
  return exit === null ? {} : { exit: exit.code };
}

function commandOf({ appId, seq, type }: Instance, desired: readonly DesiredApp[]): string | undefined {
  const app = desired.find((one) => one.app.id === appId);
  const rollout = [app?.next, app?.current].find((one) => one?.deployment.seq === seq);
  return rollout?.image.processes[type]?.command;
}
