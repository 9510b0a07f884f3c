import { describe, expect, it } from 'vitest';
import { imageProcesses, readRelease, stackProcesses } from './processes.ts';

describe('the process types of an image', () => {
  it('come from the Procfile alone, so that an app of workers gets no web from its buildpack', () => {
    const proposed = new Map([
      ['web', 'npm start'],
      ['worker', 'other'],
    ]);
    expect(stackProcesses(new Map([['worker', 'node w.js']]), proposed)).toEqual({
      worker: { command: 'node w.js', argv: ['/usr/local/bin/gantry-start', 'node w.js'] },
    });
    expect(Object.keys(stackProcesses(new Map(), proposed))).toEqual(['web', 'worker']);
  });

  it('are the entry point of a Dockerfile image that has no Procfile', () => {
    expect(imageProcesses(new Map(), ['/srv', '--port'])).toEqual({
      web: { command: '/srv --port', argv: null },
    });
    expect(() => imageProcesses(new Map(), [])).toThrow(/nothing to start/);
  });

  it.each([
    ['python app.py $PORT', 'exec python app.py $PORT'],
    ['./run', 'exec ./run'],
    ['cd x && ./run', 'cd x && ./run'],
    ['A=1 ./run', 'A=1 ./run'],
    ['exec ./run', 'exec ./run'],
    ['. ./env', '. ./env'],
    ['./a | ./b', './a | ./b'],
  ])('of a Dockerfile image run %s as %s', (command, line) => {
    expect(imageProcesses(new Map([['web', command]]), [])['web']?.argv).toEqual(['/bin/sh', '-c', line]);
  });

  it('are read from what bin/release prints, reserved names and nonsense left out', () => {
    expect([
      ...readRelease('---\ndefault_process_types:\n  web: node a.js\n  "a b": x\n  __proto__: y\n', 'p'),
    ]).toEqual([['web', 'node a.js']]);
    expect(readRelease('', 'p').size).toBe(0);
    expect(readRelease('--- {}', 'p').size).toBe(0);
    for (const text of [
      'default_process_types: [a]',
      'default_process_types: {web: 1}',
      'a: b: c',
      '- x',
      'a: &a [*a]\nb: *a',
    ]) {
      expect(() => readRelease(text, 'p')).toThrow(/cannot be read/);
    }
  });
});
