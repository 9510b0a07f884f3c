import { describe, expect, it } from 'vitest';
import { desiredOf, rolloutOf, createStepRig } from '../../test/support/step-rig.ts';
import { createAsides } from './asides.ts';

const image = createStepRig().image();
const APP = desiredOf({ next: rolloutOf(image, 2) });
const PROVE = { do: 'prove', untilMs: 90_000 } as const;

/** A probe that ends when it is let go or told to. */
function slowProbe() {
  const seen = { begun: 0, aborted: 0 };
  let release = (): void => undefined;
  const probe = (signal: AbortSignal): Promise<void> => {
    seen.begun += 1;
    return new Promise((resolve) => {
      release = resolve;
      signal.addEventListener('abort', () => {
        seen.aborted += 1;
        resolve();
      });
    });
  };
  return { probe, seen, release: () => release() };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a probe', () => {
  it('is the only one of its app, however often it is planned, until it is back', async () => {
    await using probes = createAsides();
    const { probe, seen, release } = slowProbe();
    probes.run(APP, PROVE, probe);
    probes.keepOnly(APP, [PROVE]);
    probes.run(APP, PROVE, probe);
    probes.run(desiredOf({ app: { id: 'other', name: 'other', network: 4 } }), PROVE, slowProbe().probe);
    expect(seen).toEqual({ begun: 1, aborted: 0 });
    release();
    await settled();
    probes.run(APP, PROVE, probe);
    expect(seen).toEqual({ begun: 2, aborted: 0 });
  });

  it.each([
    ['when it is not planned any more', APP, []],
    ['when it is another deployment that is to be proven', desiredOf({ next: rolloutOf(image, 3) }), [PROVE]],
  ])('ends %s', async (_, desired, steps) => {
    await using probes = createAsides();
    const { probe, seen } = slowProbe();
    probes.run(APP, PROVE, probe);
    probes.keepOnly(desiredOf({ app: { id: 'other', name: 'other', network: 4 } }), []);
    expect(seen.aborted).toBe(0);
    probes.keepOnly(desired, steps);
    expect(seen.aborted).toBe(1);
  });

  it('ends with the server, which waits for it', async () => {
    const probes = createAsides();
    const { probe, seen } = slowProbe();
    probes.run(APP, PROVE, probe);
    await probes[Symbol.asyncDispose]();
    expect(seen).toEqual({ begun: 1, aborted: 1 });
  });
});
