import { describe, expect, it } from 'vitest';
import { refusalReason } from './containers.ts';

describe("the engine's refusal to start a container", () => {
  it.each([
    [
      'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ' +
        'error setting cgroup config for procHooks process: no space left on device: unknown',
      'error setting cgroup config for procHooks process: no space left on device: unknown',
    ],
    [
      'unable to find user ghost: no matching entries in passwd file',
      'unable to find user ghost: no matching entries in passwd file',
    ],
    ['the working directory "x" is invalid.\n', 'the working directory "x" is invalid'],
  ])('is told without the layers it came through (%#)', (words, reason) => {
    expect(refusalReason(words)).toBe(reason);
  });

  it('is kept to one line of bearable length', () => {
    const reason = refusalReason(`bad\nthings\n${'x'.repeat(2_000)}`);
    expect(reason).toHaveLength(300);
    expect(reason).toMatch(/^bad things x/);
  });
});
