import { PlatformError } from '../../server/domain/errors.ts';
import { instanceName, type Exit } from '../../server/domain/instance.ts';
import type { Clock } from '../../server/ports/clock.ts';
import type {
  AppLogs,
  AppUsage,
  Engine,
  FoundInstance,
  InstanceSpec,
  LogLine,
} from '../../server/ports/engine.ts';

/** What the process of an image does, in the time of the world's clock. */
export interface Behaviour {
  /** It accepts connections this long after its start; null: never. */
  readonly listensAfterMs: number | null;
  /** What it answers to a request, once it listens. */
  readonly status: number;
  /** It ends by itself this long after its start; null: only when told. */
  readonly exitsAfterMs: number | null;
  readonly exit: Exit;
  /** Printed at its start. */
  readonly prints: readonly string[];
  /** The engine refuses to start it, and says why; null: it starts. */
  readonly refused: string | null;
}

/** A process that listens at once and runs until it is told to end. */
export const SERVES: Behaviour = {
  listensAfterMs: 0,
  status: 200,
  exitsAfterMs: null,
  exit: { code: 0, outOfMemory: false },
  prints: [],
  refused: null,
};

type Call = Exclude<keyof Engine, 'changes'>;

/** The engine of a simulated world; beside the port, what a test does to that world. */
/** What is called before and after each call of an engine: to make it fail, or last. */
type Hook = (call: Call, when: 'before' | 'after') => void | Promise<void>;

export interface FakeEngine extends Engine, AppLogs, AppUsage {
  /** What instances of this image (digest) do, all of its process types or one. An image that nobody described cannot be started. */
  behave(digest: string, behaviour: Behaviour, type?: string): void;
  /** The registry does not have this image. */
  withhold(digest: string): void;
  /** While true every call fails with `engine_away`. */
  setAway(away: boolean): void;
  /** Called around every effect; throw to lose the call (`before`) or its answer (`after`). */
  interfere(hook: Hook): void;
  /** Ends a process from outside: out of memory, a person's `kill`. */
  kill(instanceId: string, exit: Exit): void;
  print(instanceId: string, text: string): void;
  /** The clock has moved: whoever waits for changes looks again. */
  tick(): void;
  /** What a connection to this place meets: the status of an answer, or null when nobody accepts it. */
  answer(address: string, port: number): number | null;
  /** Every start of a process there has ever been, by the name of its instance and deployment: `d3 web.1 #0`. */
  readonly starts: readonly string[];
  /** Apps that have a network. */
  readonly networks: ReadonlySet<string>;
  /** `repository@digest` of the images that are there. */
  readonly images: ReadonlySet<string>;
}

interface Simulated {
  readonly id: string;
  readonly spec: InstanceSpec;
  readonly address: string;
  behaviour: Behaviour | null;
  startedMs: number | null;
  ended: { readonly ms: number; readonly exit: Exit } | null;
}

const STOPPED: Exit = { code: 143, outOfMemory: false };
const REFUSED: Exit = { code: 128, outOfMemory: false };
/** As the real one: an image fetched this recently is not collected. */
const FRESH_MS = 10 * 60_000;

export function createFakeEngine(options: { readonly clock: Clock; readonly freshMs?: number }): FakeEngine {
  const behaviours = new Map<string, Behaviour>();
  const withheld = new Set<string>();
  const instances = new Map<string, Simulated>();
  const networks = new Set<string>();
  const images = new Map<string, number>();
  const starts: string[] = [];
  const lines: LogLine[] = [];
  const owners: Simulated[] = []; // the instance of each line, also when it is gone
  const forgotten = new Set<number>(); // lines of apps that are gone
  const sleepers = new Set<() => void>();
  let isAway = false;
  let addresses = 0;
  let hook: Hook = () => undefined;

  const now = (): number => options.clock.now().getTime();

  function tick(): void {
    for (const one of instances.values()) settle(one);
    for (const wake of [...sleepers]) wake();
  }

  /** Lets happen what has become due since somebody last looked. */
  function settle(one: Simulated): void {
    const { behaviour, startedMs } = one;
    const after = behaviour?.exitsAfterMs ?? null;
    if (behaviour === null || one.ended !== null || startedMs === null || after === null) return;
    const due = startedMs + after;
    if (now() >= due) end(one, due, behaviour.exit);
  }

  function end(one: Simulated, ms: number, exit: Exit): void {
    one.ended = { ms, exit };
    const why = exit.outOfMemory ? ': it ran out of memory' : '';
    note(one, 'gantry', `Process exited with status ${exit.code}${why}`, ms);
  }

  function note(one: Simulated, source: LogLine['source'], text: string, ms: number): void {
    lines.push({ at: new Date(ms), source, instance: instanceName(one.spec), text });
    owners.push(one);
  }

  async function act<T>(call: Call, signal: AbortSignal, effect: () => T): Promise<T> {
    signal.throwIfAborted();
    await Promise.resolve(); // others may run in between, as with a real engine
    if (isAway) throw PlatformError.of('engine_away', {});
    await hook(call, 'before');
    for (const one of instances.values()) settle(one);
    const result = effect();
    await hook(call, 'after');
    return result;
  }

  function behaviourOf(spec: InstanceSpec): Behaviour {
    const found = behaviours.get(`${spec.image.digest} ${spec.type}`) ?? behaviours.get(spec.image.digest);
    if (found === undefined)
      throw new Error(`fake engine: nobody said what ${spec.type} of image ${spec.image.digest} does`);
    return found;
  }

  function make(id: string, spec: InstanceSpec): Simulated {
    const image = imageOf(spec.image);
    if (!images.has(image)) throw PlatformError.of('image_missing', { image });
    if (!networks.has(spec.app.id)) throw new Error(`fake engine: app ${spec.app.id} has no network`);
    addresses += 1;
    const address = `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
    const made: Simulated = { id, spec, address, behaviour: null, startedMs: null, ended: null };
    instances.set(id, made);
    return made;
  }

  function start(spec: InstanceSpec): void {
    const behaviour = behaviourOf(spec);
    const id = idOf(spec);
    const one = instances.get(id) ?? make(id, spec);
    if (one.startedMs !== null || one.ended !== null) return;
    if (behaviour.refused !== null) {
      one.ended = { ms: now(), exit: REFUSED };
      throw PlatformError.of('start_refused', { instance: instanceName(spec), reason: behaviour.refused });
    }
    one.behaviour = behaviour;
    one.startedMs = now();
    starts.push(`d${spec.seq} ${instanceName(spec)} #${spec.attempt}`);
    note(one, 'gantry', `Process of v${spec.release} started`, one.startedMs);
    for (const text of behaviour.prints) note(one, 'app', text, one.startedMs);
    settle(one);
  }

  function change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        sleepers.delete(wake);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        sleepers.delete(wake);
        reject(signal.reason as Error);
      };
      sleepers.add(wake);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  function linesOf(query: Parameters<AppLogs['read']>[0]): LogLine[] {
    return lines.filter((_, i) => {
      const spec = owners[i]?.spec;
      return (
        spec?.app.id === query.appId &&
        !forgotten.has(i) &&
        (query.type ?? spec.type) === spec.type &&
        (query.number ?? spec.number) === spec.number
      );
    });
  }

  return {
    starts,
    networks,
    get images() {
      return new Set(images.keys());
    },
    behave(digest, behaviour, type) {
      behaviours.set(type === undefined ? digest : `${digest} ${type}`, behaviour);
    },
    withhold: (digest) => withheld.add(digest),
    setAway(away) {
      isAway = away;
      tick();
    },
    interfere(wanted) {
      hook = wanted;
    },
    kill(instanceId, exit) {
      const one = instances.get(instanceId);
      if (one === undefined || !runs(one)) throw new Error(`fake engine: ${instanceId} does not run`);
      end(one, now(), exit);
      tick();
    },
    print(instanceId, text) {
      const one = instances.get(instanceId);
      if (one === undefined) throw new Error(`fake engine: there is no ${instanceId}`);
      note(one, 'app', text, now());
      tick();
    },
    tick,
    answer(address, port) {
      const one = [...instances.values()].find((i) => i.address === address);
      if (one === undefined) return null;
      settle(one);
      const { behaviour, startedMs } = one;
      const after = behaviour?.listensAfterMs ?? null;
      if (behaviour === null || startedMs === null || after === null) return null;
      return runs(one) && one.spec.port === port && now() >= startedMs + after ? behaviour.status : null;
    },
    find: (signal) => act('find', signal, () => [...instances.values()].map(describe)),
    prepare: (app, image, _pullToken, signal) =>
      act('prepare', signal, () => {
        networks.add(app.id);
        const reference = imageOf(image);
        if (withheld.has(image.digest) && !images.has(reference))
          throw PlatformError.of('image_missing', { image: reference });
        images.set(reference, now());
      }),
    start: (spec, signal) =>
      act('start', signal, () => {
        start(spec);
        tick();
      }),
    stop: (instanceId, _graceSeconds, signal) =>
      act('stop', signal, () => {
        const one = instances.get(instanceId);
        if (one === undefined || !runs(one)) return;
        end(one, now(), STOPPED);
        tick();
      }),
    remove: (instanceId, signal) =>
      act('remove', signal, () => {
        if (instances.delete(instanceId)) tick();
      }),
    tail: (instanceId, count, signal) =>
      act('tail', signal, () => {
        if (count <= 0) return [];
        const printed = lines.filter((line, i) => owners[i]?.id === instanceId && line.source === 'app');
        return instances.has(instanceId) ? printed.slice(-count).map((line) => line.text) : [];
      }),
    async *output(instanceId, signal) {
      for (let told = 0; ;) {
        const one = instances.get(instanceId);
        if (one === undefined) return;
        settle(one);
        const ended = !runs(one);
        const printed = lines.filter((line, i) => owners[i]?.id === instanceId && line.source === 'app');
        for (const line of printed.slice(told)) yield line.text;
        told = printed.length;
        if (ended) return;
        await change(signal);
      }
    },
    forget: (appId, signal) =>
      act('forget', signal, () => {
        if ([...instances.values()].some((one) => one.spec.app.id === appId))
          throw new Error(`fake engine: app ${appId} still has instances`);
        networks.delete(appId);
        for (const [i, one] of owners.entries()) if (one.spec.app.id === appId) forgotten.add(i);
      }),
    async *changes(signal) {
      for (;;) {
        if (isAway) throw PlatformError.of('engine_away', {});
        const next = change(signal);
        next.catch(() => undefined); // told to whoever asks again
        yield;
        await next;
      }
    },
    collectImages: (keep, signal) =>
      act('collectImages', signal, () => {
        const used = new Set([...instances.values()].map((one) => imageOf(one.spec.image)));
        const fresh = options.freshMs ?? FRESH_MS;
        const unwanted = [...images].filter(
          ([reference, ms]) => !keep.has(reference) && !used.has(reference) && now() - ms >= fresh,
        );
        for (const [reference] of unwanted) images.delete(reference);
        return unwanted.length;
      }),
    isolate: (signal) => act('isolate', signal, () => undefined),
    usage: (appId) =>
      Promise.resolve(
        [...instances.values()]
          .filter(
            ({ spec, startedMs, ended }) => spec.app.id === appId && startedMs !== null && ended === null,
          )
          .map(({ spec }) => ({
            instance: instanceName(spec),
            memoryBytes: 1_000_000,
            memoryLimitBytes: spec.size.memoryMb * 1024 * 1024,
            cpuSeconds: 0.1,
          })),
      ),
    async *read(query, signal) {
      tick();
      const before = linesOf(query);
      if (query.lines > 0) yield* before.slice(-query.lines);
      for (let told = before.length; query.follow;) {
        const next = change(signal);
        next.catch(() => undefined);
        const all = linesOf(query);
        yield* all.slice(told);
        told = all.length;
        await next;
      }
    },
  };
}

function runs({ startedMs, ended }: Simulated): boolean {
  return startedMs !== null && ended === null;
}

function describe(one: Simulated): FoundInstance {
  const { spec, startedMs, ended } = one;
  const up = runs(one);
  return {
    id: one.id,
    appId: spec.app.id,
    seq: spec.seq,
    release: spec.release,
    type: spec.type,
    number: spec.number,
    attempt: spec.attempt,
    host: 'local',
    address: up ? one.address : null,
    port: spec.port,
    state: up ? 'starting' : ended === null ? 'created' : 'crashed',
    startedAt: startedMs === null ? null : new Date(startedMs),
    endedAt: ended === null ? null : new Date(ended.ms),
    exit: ended?.exit ?? null,
  };
}

function idOf(spec: InstanceSpec): string {
  return `${spec.app.id}-d${spec.seq}-${spec.type}-${spec.number}-${spec.attempt}`;
}

function imageOf({ repository, digest }: InstanceSpec['image']): string {
  return `${repository}@${digest}`;
}
