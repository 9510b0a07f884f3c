import { describe, expect, it } from 'vitest';
import { buildpackError, dockerfileError, dockerfileSteps, readFailure } from './steps.ts';
import { createTranscript } from './transcript.ts';

const OLD = 'executor failed running [/bin/sh -c npm ci]: exit code: 1';
const NEW = 'process "/bin/sh -c npm ci" did not complete successfully: exit code: 1';

describe('a failed step', () => {
  it('is named in the words of the Dockerfile, whatever the engine calls it', () => {
    for (const message of [OLD, NEW])
      expect(readFailure(message)).toEqual({ step: 'RUN npm ci', code: 1, why: 'exit code 1' });
  });

  it('of a Dockerfile is the fault of the source, unless the engine is full or going away', () => {
    expect(dockerfileError(OLD)).toMatchObject({ id: 'step_failed', retry: false });
    expect(dockerfileError('write /x: no space left on device')).toMatchObject({
      id: 'engine_away',
      retry: true,
    });
    expect(dockerfileError('rpc error: code = Unknown desc = pull access denied')).toMatchObject({
      message: 'Push rejected, the build failed: pull access denied.',
    });
  });

  it('of the buildpacks tells by its exit code how far they came', () => {
    const ended = (code: number): Error =>
      buildpackError(
        `executor failed running [/gantry/driver/build nodejs]: exit code: ${code}`,
        'Node.js',
        null,
      );
    expect(ended(81)).toMatchObject({ id: 'no_language' });
    expect(ended(82)).toMatchObject({
      id: 'compile_failed',
      message: 'Push rejected, failed to compile Node.js app.',
    });
    expect(ended(83)).toMatchObject({ id: 'release_unreadable' });
    expect(ended(1)).toMatchObject({
      id: 'step_failed',
      message: 'Push rejected, the buildpack failed: exit code 1.',
    });
  });
});

describe('the steps of a Dockerfile', () => {
  it("are shown once by name, with their output below and without the engine's own", () => {
    const lines: string[] = [];
    const steps = dockerfileSteps(
      createTranscript(
        (line) => lines.push(line),
        { outputBytes: 1000, outputLines: 100 },
        (text) => text,
      ),
    );
    const vertex = {
      digest: 'a',
      name: '[2/2] RUN x',
      cached: false,
      started: true,
      completed: false,
      error: '',
    };
    steps.take({
      vertexes: [
        { ...vertex, digest: 'i', name: '[internal] load build definition' },
        { ...vertex, digest: 'f', name: '[1/2] FROM docker.io/gantry/stack', cached: true },
      ],
      logs: [],
    });
    steps.take({ vertexes: [vertex], logs: [{ vertex: 'a', stream: 1, bytes: Buffer.from('one\ntw') }] });
    steps.take({
      vertexes: [vertex],
      logs: [
        { vertex: 'a', stream: 2, bytes: Buffer.from('err\n') },
        { vertex: 'a', stream: 1, bytes: Buffer.from('o') },
      ],
    });
    steps.end();
    expect(lines).toEqual([
      '       [1/2] FROM gantry/stack (cached)',
      '       [2/2] RUN x',
      '       one',
      '       err',
      '       two',
    ]);
  });
});
