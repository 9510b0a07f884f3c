import type { Logger } from '../../lib/log.ts';
import type { Note } from '../domain/happening.ts';
import { instanceName, type Instance, type InstanceState } from '../domain/instance.ts';
import type { DesiredApp } from '../ports/controller-state.ts';

/** Tells what becomes of instances, of which the database knows nothing: they are observed, round by round. */
export interface InstanceNews {
  /** Compares with what was seen before. The first look tells nothing: what is there then was told by an earlier server. */
  look(instances: readonly Instance[], desired: readonly DesiredApp[], signal: AbortSignal): void;
}

/** Untold news that wait for a database that is away; more than this are let go, the oldest first. */
const MOST_WAITING = 2_000;

export function createInstanceNews({
  note,
  log,
}: {
  readonly note: (notes: readonly Note[], signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}): InstanceNews {
  let known: ReadonlyMap<string, Instance> | undefined;
  let waiting: Note[] = [];
  let telling = false;

  async function tell(signal: AbortSignal): Promise<void> {
    telling = true;
    const batch = waiting;
    waiting = [];
    try {
      await note(batch, signal);
    } catch (err) {
      waiting = [...batch, ...waiting].slice(-MOST_WAITING);
      log.warn({ err, notes: waiting.length }, 'news of instances wait for the database');
    } finally {
      telling = false;
    }
  }

  return {
    look(instances, desired, signal) {
      const now = new Map(instances.filter(({ state }) => state !== 'created').map((i) => [i.id, i]));
      if (known) waiting.push(...changes(known, now, desired));
      known = now;
      if (waiting.length > 0 && !telling) void tell(signal);
    },
  };
}

function changes(
  before: ReadonlyMap<string, Instance>,
  now: ReadonlyMap<string, Instance>,
  desired: readonly DesiredApp[],
): Note[] {
  const notes: Note[] = [];
  for (const instance of now.values()) {
    const old = before.get(instance.id);
    if (!old) {
      const command = commandOf(instance, desired);
      notes.push(
        noteOf(instance, 'create', null, { state: 'starting', ...(command !== undefined && { command }) }),
      );
    }
    const was = WORDS[old?.state ?? 'starting'];
    const is = WORDS[instance.state];
    if (was !== is)
      notes.push(noteOf(instance, 'update', { state: was }, { state: is, ...exitOf(instance) }));
  }
  for (const gone of before.values())
    if (!now.has(gone.id))
      notes.push(noteOf(gone, 'destroy', { state: WORDS[gone.state] }, { state: 'down' }));
  return notes;
}

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
    after: { name, type, number, release, ...after },
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
