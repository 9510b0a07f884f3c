import { describe, expect, it } from 'vitest';
import { buildsRig, DOCKERFILE, linesOf } from '../test/support/builds-rig.ts';
import { StepError } from './engine.ts';
import { buildErrors } from './errors.ts';

const patient = new AbortController().signal;
const createRig = buildsRig();

describe('a build that fails', () => {
  it('because of a step says which, with what the limit had kept from being shown, and pushes nothing', async () => {
    const rig = createRig();
    rig.engine.goes.build = (_, onTrace) => {
      const text = Array.from({ length: 60 }, (__, n) => `line ${n} ${'x'.repeat(40)}\n`).join('');
      onTrace({ vertexes: [], logs: [{ vertex: 'v', stream: 1, bytes: Buffer.from(text) }] });
      return Promise.reject(
        new StepError('process "/bin/sh -c make" did not complete successfully: exit code: 2'),
      );
    };
    const events = await rig.run(DOCKERFILE);
    const lines = linesOf(events);
    expect(lines.filter((line) => line.startsWith(' ! '))).toEqual([
      expect.stringContaining('The output is long'),
      expect.stringMatching(/^ ! {5}\[\d\d lines of output, \d+ kB, left out here\]$/),
    ]);
    expect(lines.at(1)).toContain('line 0');
    expect(lines.at(-1)).toContain('line 59');
    expect(events.at(-1)).toEqual({
      ...{ kind: 'failed', id: 'step_failed', retry: false },
      message: 'Push rejected, RUN make failed: exit code 2.',
    });
    expect(rig.engine.calls.some((call) => call.startsWith('push'))).toBe(false);
    expect(rig.engine.calls.some((call) => call.startsWith('remove'))).toBe(true);
  });

  it('because of the source asks the engine for nothing', async () => {
    const rig = createRig();
    const events = await rig.run({ Dockerfile: 'FROM 10.9.8.7/apps/victim\n' });
    expect(events).toMatchObject([{ kind: 'failed', id: 'dockerfile_refused', retry: false }]);
    expect(rig.engine.builds).toEqual([]);
  });

  it('because it took too long says so, with the limit', async () => {
    const rig = createRig();
    rig.engine.goes.build = (_, __, signal) =>
      new Promise((_resolve, reject) => {
        const end = (): void => reject(signal.reason as Error);
        if (signal.aborted) end(); // on a busy machine the limit may be over before the engine is asked
        signal.addEventListener('abort', end, { once: true });
      });
    const events = await rig.run(DOCKERFILE, {
      limits: { seconds: 0.01, outputBytes: 1024, outputLines: 100 },
    });
    expect(events.at(-1)).toMatchObject({ kind: 'failed', id: 'build_timeout', retry: false });
    expect(events.at(-1)).toHaveProperty('message', expect.stringContaining('after 0.01 seconds'));
  });

  it.each([
    [() => buildErrors.of('engine_away', { why: 'x' }), 'engine_away', 0],
    [() => new Error('a bug'), 'builder_fault', 1],
    [() => buildErrors.of('push_failed', { why: 'no room' }), 'push_failed', 0],
  ] as const)(
    'for no fault of the source may be tried again; a bug is told in the log: %#',
    async (err, id, told) => {
      const rig = createRig();
      rig.engine.goes.push = () => Promise.reject(err());
      expect((await rig.run(DOCKERFILE)).at(-1)).toMatchObject({ kind: 'failed', id, retry: true });
      expect(rig.complaints).toHaveLength(told);
    },
  );

  it('in another way than by a step is not told as the step of a Dockerfile', async () => {
    const rig = createRig();
    rig.engine.goes.build = () => Promise.reject(buildErrors.of('engine_away', { why: 'gone' }));
    expect((await rig.run(DOCKERFILE)).at(-1)).toMatchObject({ id: 'engine_away', retry: true });
  });

  it('with its image gone from under it is the fault of the engine', async () => {
    const rig = createRig();
    rig.engine.inspect = () => Promise.resolve(null);
    expect((await rig.run(DOCKERFILE)).at(-1)).toMatchObject({ id: 'engine_away', retry: true });
  });

  it('because it was cancelled tells nothing more, and is cleaned up all the same', async () => {
    const rig = createRig();
    const cancel = new AbortController();
    rig.engine.goes.build = (_, __, signal) => {
      cancel.abort(new Error('cancelled'));
      return Promise.reject(signal.reason as Error);
    };
    await expect(rig.run(DOCKERFILE, {}, cancel.signal)).rejects.toThrow('cancelled');
    expect(rig.engine.calls.at(-2)).toMatch(/^remove /);
    expect(rig.builds.running()).toBe(0);
  });

  it('to clean up is a matter of the log, not of the build', async () => {
    const rig = createRig();
    rig.engine.goes.remove = () => Promise.reject(new Error('away'));
    expect((await rig.run(DOCKERFILE)).at(-1)?.kind).toBe('built');
    await rig.builds[Symbol.asyncDispose]();
  });
});

describe('a builder that ends', () => {
  it('waits for what it is still clearing away', async () => {
    const rig = createRig();
    let cleared = (): void => undefined;
    rig.engine.goes.remove = () => new Promise((resolve) => (cleared = resolve));
    await rig.run(DOCKERFILE);
    let ended = false;
    const ending = rig.builds[Symbol.asyncDispose]().then(() => (ended = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    cleared();
    await ending;
  });
});

describe('a builder that begins', () => {
  it('removes what an earlier one left: containers first, then the images they were made of', async () => {
    const rig = createRig();
    rig.engine.goes.names = (pattern) =>
      Promise.resolve(pattern === '10.9.8.7:7001/*/*' ? ['10.9.8.7:7001/apps/a:b-1'] : ['not ours']);
    await rig.builds.sweep(patient);
    expect(rig.engine.calls).toEqual(['remove containers', 'remove 10.9.8.7:7001/apps/a:b-1']);
  });
});
