import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlatformError } from '../../server/domain/errors.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type {
  AppLogs,
  AppUsage,
  Engine,
  FoundInstance,
  InstanceSpec,
  LogLine,
} from '../../server/ports/engine.ts';
import { newApp, specOf, startEngineRig } from '../support/engine-rig.ts';
import { createFakeEngine, SERVES } from '../support/fake-engine.ts';

/** One engine, and processes of three kinds. */
interface Kit extends AsyncDisposable {
  readonly engine: Engine & AppLogs & AppUsage;
  /** Runs until it is told to end. */
  readonly patient: Pick<InstanceSpec, 'image' | 'argv'>;
  /** Prints `one` and `two` and ends with status 3. */
  readonly brief: Pick<InstanceSpec, 'image' | 'argv'>;
  /** Wants to be started as a user that the image does not have. */
  readonly impossible: Pick<InstanceSpec, 'image' | 'argv'>;
  /** Not in the registry. */
  readonly unknownImage: BuiltImage;
  readonly pullToken: (repository: string) => string;
}

const NO_USER = 'unable to find user ghost: no matching entries in passwd file';
const never = new AbortController().signal;

async function collected(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function dockerKit(): Promise<Kit> {
  const rig = await startEngineRig(never);
  const image = await rig.image('tests/contract');
  const engine = rig.open({ freshMs: 0 });
  return {
    engine,
    patient: { image, argv: ['sleep', '1000'] },
    brief: { image, argv: ['sh', '-c', 'echo one; echo two; exit 3'] },
    impossible: { image: await rig.image('tests/contract-ghost', ['USER ghost']), argv: ['sleep', '1000'] },
    unknownImage: { ...image, digest: `sha256:${'0'.repeat(64)}` },
    pullToken: (repository) => rig.pullToken(repository),
    [Symbol.asyncDispose]: async () => rig[Symbol.asyncDispose](),
  };
}

async function fakeKit(): Promise<Kit> {
  const engine = createFakeEngine({ clock: { now: () => new Date() }, freshMs: 0 });
  const imageOf = (n: number): BuiltImage => ({
    repository: 'tests/contract',
    digest: `sha256:${String(n).repeat(64)}`,
    storedBytes: 0,
    builder: 'dockerfile',
    processes: {},
    port: null,
    checks: {},
  });
  engine.behave(imageOf(1).digest, SERVES);
  const exit = { code: 3, outOfMemory: false };
  engine.behave(imageOf(2).digest, { ...SERVES, exitsAfterMs: 0, exit, prints: ['one', 'two'] });
  engine.behave(imageOf(3).digest, { ...SERVES, refused: NO_USER });
  engine.withhold(imageOf(4).digest);
  return Promise.resolve({
    engine,
    patient: { image: imageOf(1), argv: null },
    brief: { image: imageOf(2), argv: null },
    impossible: { image: imageOf(3), argv: null },
    unknownImage: imageOf(4),
    pullToken: () => 'token',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

describe.each([
  ['in memory', fakeKit],
  ['Docker Engine', dockerKit],
])('an engine %s', (_name, open) => {
  let kit: Kit;
  let networks = 0;
  beforeAll(async () => {
    kit = await open();
  });
  afterAll(() => kit[Symbol.asyncDispose]());

  const specFor = (
    kind: Pick<InstanceSpec, 'image' | 'argv'>,
    rest: Partial<InstanceSpec> = {},
  ): InstanceSpec => specOf(newApp((networks += 1)), kind.image, { argv: kind.argv, ...rest });
  const start = async (spec: InstanceSpec): Promise<void> => {
    await kit.engine.prepare(spec.app, spec.image, kit.pullToken(spec.image.repository), never);
    await kit.engine.start(spec, never);
  };
  const foundOf = async (spec: InstanceSpec): Promise<readonly FoundInstance[]> =>
    (await kit.engine.find(never)).filter((instance) => instance.appId === spec.app.id);
  const one = async (spec: InstanceSpec): Promise<FoundInstance> => {
    const [first, ...others] = await foundOf(spec);
    if (first === undefined || others.length > 0) throw new Error(`found ${others.length + 1} or none`);
    return first;
  };
  const ended = (spec: InstanceSpec): Promise<FoundInstance> =>
    expect
      .poll(() => one(spec), { timeout: 10_000 })
      .toMatchObject({ state: 'crashed' })
      .then(() => one(spec));

  it('finds an instance that it has started, with all that names it and an address of its own', async () => {
    const spec = specFor(kit.patient, {
      seq: 7,
      release: 9,
      type: 'worker',
      number: 2,
      attempt: 3,
      port: null,
    });
    const before = Date.now() - 1_000;
    await start(spec);
    const found = await one(spec);
    expect(found).toMatchObject({
      appId: spec.app.id,
      seq: 7,
      release: 9,
      type: 'worker',
      number: 2,
      attempt: 3,
    });
    expect(found).toMatchObject({ state: 'starting', port: null, endedAt: null, exit: null });
    expect(found.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(found.startedAt?.getTime()).toBeGreaterThan(before);
  });

  it('makes one instance however often the same is started', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    const first = await one(spec);
    await Promise.all([start(spec), start(spec)]);
    expect(await one(spec)).toEqual(first);
  });

  it('tells how a process ended, and does not start it a second time', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    const found = await ended(spec);
    expect(found).toMatchObject({ address: null, exit: { code: 3, outOfMemory: false } });
    expect(found.endedAt).not.toBeNull();
    await start(spec);
    expect(await one(spec)).toEqual(found);
  });

  it('takes the next attempt for another instance', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    await ended(spec);
    await start({ ...spec, attempt: 1 });
    expect((await foundOf(spec)).map((instance) => instance.attempt).toSorted()).toEqual([0, 1]);
  });

  it('stops a process, keeps it to be seen, and removes it when asked', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    const { id } = await one(spec);
    await kit.engine.stop(id, 5, never);
    expect(await one(spec)).toMatchObject({ id, state: 'crashed', exit: { code: 143 } });
    await kit.engine.stop(id, 5, never);
    await kit.engine.remove(id, never);
    expect(await foundOf(spec)).toEqual([]);
  });

  it('removes what still runs', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    await kit.engine.remove((await one(spec)).id, never);
    expect(await foundOf(spec)).toEqual([]);
  });

  it('takes no offence at instances, apps and logs that are not there', async () => {
    const nobody = randomUUID().replaceAll('-', '');
    await kit.engine.stop(nobody, 1, never);
    await kit.engine.remove(nobody, never);
    await kit.engine.forget(randomUUID(), never);
    expect(await kit.engine.tail(nobody, 10, never)).toEqual([]);
    expect(await collected(kit.engine.output(nobody, never))).toEqual([]);
  });

  it('answers the last lines that a process printed', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    const { id } = await ended(spec);
    expect(await kit.engine.tail(id, 10, never)).toEqual(['one', 'two']);
    expect(await kit.engine.tail(id, 1, never)).toEqual(['two']);
    expect(await kit.engine.tail(id, 0, never)).toEqual([]);
    expect(await collected(kit.engine.output(id, never)), 'from the start').toEqual(['one', 'two']);
  });

  it('answers what a process prints until it has ended, also to whoever comes before', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    const { id } = await one(spec);
    let over = false;
    const reading = collected(kit.engine.output(id, never)).finally(() => (over = true));
    expect(await kit.engine.tail(id, 1, never)).toEqual([]); // a round trip later
    expect(over).toBe(false);
    await kit.engine.stop(id, 1, never);
    expect(await reading).toEqual([]);
  });

  it('says why an instance cannot be started, and finds it as crashed', async () => {
    const spec = specFor(kit.impossible);
    const refused = start(spec);
    await expect(refused).rejects.toSatisfy((err) => PlatformError.is(err, 'start_refused'));
    await expect(refused).rejects.toThrow(`web.1 could not be started: ${NO_USER}.`);
    const found = await one(spec);
    expect(found).toMatchObject({ state: 'crashed', startedAt: null, address: null });
    expect(found.endedAt).not.toBeNull();
  });

  it('says which image cannot be had', async () => {
    const { app } = specFor(kit.patient);
    const missing = kit.engine.prepare(app, kit.unknownImage, kit.pullToken('tests/contract'), never);
    await expect(missing).rejects.toSatisfy((err) => PlatformError.is(err, 'image_missing'));
  });

  it('forgets an app without instances, twice if need be', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    await kit.engine.remove((await one(spec)).id, never);
    await kit.engine.forget(spec.app.id, never);
    await kit.engine.forget(spec.app.id, never);
    await start(spec);
    expect(await foundOf(spec)).toHaveLength(1);
  });

  it('tells of changes, first of all that there may have been some', async () => {
    const stop = new AbortController();
    const changes = kit.engine.changes(stop.signal)[Symbol.asyncIterator]();
    await changes.next();
    const next = changes.next();
    await start(specFor(kit.patient));
    expect(await next).toEqual({ done: false, value: undefined });
    stop.abort(new Error('enough'));
    const drain = async (): Promise<void> => {
      while ((await changes.next()).done !== true);
    };
    await expect(drain()).rejects.toThrow('enough');
  });

  it('collects images that are neither kept nor used, and no others', async () => {
    const spec = specFor(kit.patient);
    const kept = `${spec.image.repository}@${spec.image.digest}`;
    const empty = async (): Promise<void> => {
      for (const { id } of await kit.engine.find(never)) await kit.engine.remove(id, never);
    };
    await empty();
    await start(spec);
    await kit.engine.collectImages(new Set(), never);
    await kit.engine.start({ ...spec, number: 2 }, never);
    await empty();
    await kit.engine.collectImages(new Set([kept]), never);
    await kit.engine.start({ ...spec, number: 3 }, never);
    await empty();
    expect(await kit.engine.collectImages(new Set(), never)).toBe(1);
    const again = kit.engine.start({ ...spec, number: 4 }, never);
    await expect(again).rejects.toSatisfy((err) => PlatformError.is(err, 'image_missing'));
    await start({ ...spec, number: 5 });
    expect(await one(spec)).toMatchObject({ number: 5, state: 'starting' });
  });

  it('makes its packet rules true as often as it is asked', async () => {
    await kit.engine.isolate(never);
    await expect(kit.engine.isolate(never)).resolves.toBeUndefined();
  });

  it('tells what the running instances of an app take, and nothing of those that have ended', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    await start({ ...spec, number: 2 });
    await start({ ...specFor(kit.brief), app: spec.app, type: 'worker' });
    await expect.poll(async () => (await foundOf(spec)).filter((i) => i.state === 'crashed').length).toBe(1);
    const usage = await kit.engine.usage(spec.app.id, never);
    expect(usage.map(({ instance }) => instance)).toEqual(['web.1', 'web.2']);
    for (const one of usage) {
      expect(one.memoryLimitBytes).toBe(spec.size.memoryMb * 1024 * 1024);
      expect(one.memoryBytes).toBeGreaterThan(0);
      expect(one.memoryBytes).toBeLessThan(one.memoryLimitBytes);
      expect(one.cpuSeconds).toBeGreaterThan(0);
    }
    expect(await kit.engine.usage(randomUUID(), never)).toEqual([]);
  });

  it('reads the lines of all instances, and what became of them, in order', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    await ended(spec);
    const read = kit.engine.read({ appId: spec.app.id, lines: 10, follow: false }, never);
    expect((await collect(read)).map((line) => `${line.source} ${line.instance} ${line.text}`)).toEqual([
      'gantry web.1 Process of v2 started',
      'app web.1 one',
      'app web.1 two',
      'gantry web.1 Process exited with status 3',
    ]);
  });

  it('reads no more lines than asked for, and only of the process that was named', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    await start({ ...spec, type: 'worker' });
    await expect.poll(async () => (await foundOf(spec)).filter((i) => i.state === 'crashed').length).toBe(2);
    const last = await collect(kit.engine.read({ appId: spec.app.id, lines: 3, follow: false }, never));
    expect(last).toHaveLength(3);
    const workers = { appId: spec.app.id, lines: 100, follow: false, type: 'worker' };
    const texts = (await collect(kit.engine.read(workers, never))).map(
      (line) => `${line.instance} ${line.text}`,
    );
    expect(texts).toContain('worker.1 two');
    expect(texts.filter((text) => !text.startsWith('worker.1 '))).toEqual([]);
  });

  it('still reads what an instance printed, and how it ended, when it is gone and another has its place', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    await kit.engine.remove((await ended(spec)).id, never);
    await start({ ...spec, ...kit.patient, seq: 2, release: 3 });
    const texts = async (query: { lines: number; type?: string }): Promise<string[]> => {
      const lines = kit.engine.read({ appId: spec.app.id, follow: false, ...query }, never);
      return (await collect(lines)).map((line) => `${line.source} ${line.instance} ${line.text}`);
    };
    const all = [
      'gantry web.1 Process of v2 started',
      'app web.1 one',
      'app web.1 two',
      'gantry web.1 Process exited with status 3',
      'gantry web.1 Process of v3 started',
    ];
    expect(await texts({ lines: 10 })).toEqual(all);
    expect(await texts({ lines: 2 })).toEqual(all.slice(-2));
    expect(await texts({ lines: 10, type: 'worker' })).toEqual([]);
  });

  it('follows from now on when no lines of the past are wanted, whatever is kept', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    await kit.engine.remove((await ended(spec)).id, never);
    const lines = kit.engine.read({ appId: spec.app.id, lines: 0, follow: true }, never);
    const first = collect(lines, 1);
    await start({ ...spec, attempt: 1, release: 3 });
    expect((await first).map(({ text }) => text)).toEqual(['Process of v3 started']);
  });

  it('has nothing to read of an app that was forgotten', async () => {
    const spec = specFor(kit.brief);
    await start(spec);
    await kit.engine.remove((await ended(spec)).id, never);
    await kit.engine.forget(spec.app.id, never);
    const lines = kit.engine.read({ appId: spec.app.id, lines: 10, follow: false }, never);
    expect(await collect(lines)).toEqual([]);
  });

  it('goes on reading, also of an instance that appears later, until the reader leaves', async () => {
    const spec = specFor(kit.patient);
    await start(spec);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const line of kit.engine.read({ appId: spec.app.id, lines: 10, follow: true }, never)) {
        seen.push(`${line.instance} ${line.text}`);
        if (line.text.startsWith('Process exited') && line.instance === 'web.2') return;
      }
    })();
    await expect.poll(() => seen).toEqual(['web.1 Process of v2 started']);
    await start({ ...spec, ...kit.brief, number: 2 });
    await reading;
    expect(seen.slice(1)).toEqual([
      'web.2 Process of v2 started',
      'web.2 one',
      'web.2 two',
      'web.2 Process exited with status 3',
    ]);
  });
});

async function collect(lines: AsyncIterable<LogLine>, most = Infinity): Promise<LogLine[]> {
  const all: LogLine[] = [];
  for await (const line of lines) if (all.push(line) >= most) break;
  return all;
}
