import { randomUUID } from 'node:crypto';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Run } from '../../server/domain/run.ts';
import type { RunEngine, RunSpec } from '../../server/ports/runs.ts';
import { createFakeProcess, type FakeProcess } from './fake-attachment.ts';

/** Runs in memory, whose processes are in the hands of the test. */
export interface FakeRunEngine extends RunEngine {
  /** What was created, in order, and the process of each that was attached. */
  readonly created: readonly { readonly id: string; readonly spec: RunSpec }[];
  readonly processes: readonly FakeProcess[];
  /** Commands that were started in instances. */
  readonly execs: readonly { readonly instance: string; readonly argv: readonly string[] }[];
  /** `run.1234 SIGHUP` */
  readonly signals: readonly string[];
  end(id: string, code: number): void;
}

export function createFakeRunEngine(now: () => Date = () => new Date()): FakeRunEngine {
  const runs = new Map<string, Run>();
  const created: { id: string; spec: RunSpec }[] = [];
  const processes: FakeProcess[] = [];
  const execs: { instance: string; argv: readonly string[] }[] = [];
  const signals: string[] = [];

  function change(id: string, what: Partial<Run>): void {
    const run = runs.get(id);
    if (run === undefined) throw new Error(`fake run engine: there is no run ${id}`);
    runs.set(id, { ...run, ...what });
  }

  function process(): FakeProcess {
    const made = createFakeProcess();
    processes.push(made);
    return made;
  }

  return {
    ...{ created, processes, execs, signals },
    end: (id, code) => change(id, { state: 'ended', endedAt: now(), exitCode: code }),
    findRuns: (_signal, appId) =>
      Promise.resolve([...runs.values()].filter((run) => appId === undefined || run.appId === appId)),
    createRun(spec) {
      const { app, number, release, command, attached, size, endsAt } = spec;
      if ([...runs.values()].some((run) => run.appId === app.id && run.number === number))
        return Promise.resolve(undefined);
      const id = randomUUID();
      created.push({ id, spec });
      runs.set(id, {
        ...{ id, appId: app.id, number, release, command, attached, size: size.name, endsAt },
        ...{ state: 'created', createdAt: now(), startedAt: null, endedAt: null, exitCode: null },
      });
      return Promise.resolve(id);
    },
    startRun(id) {
      change(id, { state: 'up', startedAt: now() });
      return Promise.resolve();
    },
    attachRun(id) {
      change(id, { state: 'up', startedAt: now() });
      return Promise.resolve(process().attachment);
    },
    exec(instance, { argv }) {
      if (argv[0] === undefined)
        return Promise.reject(PlatformError.of('start_refused', { instance, reason: 'no command' }));
      execs.push({ instance, argv });
      return Promise.resolve(process().attachment);
    },
    signalRun: (id, name) => Promise.resolve(void signals.push(`${id} ${name}`)),
    remove: (id) => Promise.resolve(void runs.delete(id)),
    noteRun: (id, text) => void signals.push(`${id} ${text}`),
  };
}
