import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanwhile } from '../../test/support/mishaps.ts';
import { createStoresRig, imageOf, patient } from '../../test/support/services-rig.ts';
import { createFormations } from './formations.ts';

async function createRig() {
  const rig = createStoresRig();
  const app = await rig.createApp();
  await rig.live(app, imageOf(['web', 'worker']), new Map([['web', 1]]));
  const formations = createFormations(rig);
  const counts = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await formations.list(rig.ann, 'hello', patient)).map((e) => [e.type, e.quantity]));
  return { ...rig, app, formations, counts };
}

describe('scaling', () => {
  it('sets some counts, changes others by, leaves the rest, and wakes the controller', async () => {
    const rig = await createRig();
    const answer = await rig.formations.scale(
      rig.ann,
      'hello',
      new Map([
        ['web', { by: 2 }],
        ['worker', { set: 5 }],
      ]),
      patient,
    );
    expect(answer).toEqual([
      { type: 'web', quantity: 3, command: 'run web' },
      { type: 'worker', quantity: 5, command: 'run worker' },
    ]);
    expect(await rig.formations.list(rig.ann, 'hello', patient)).toEqual(answer);
    expect(rig.woken).toEqual([rig.app.id]);
    await rig.formations.scale(rig.ann, 'hello', new Map([['web', { by: -3 }]]), patient);
    expect(await rig.counts()).toEqual({ web: 0, worker: 5 });
  });

  it.each([
    ['below none', { by: -2 }],
    ['to less than none', { set: -1 }],
  ])('%s is refused, with all that was asked beside it', async (_, change) => {
    const rig = await createRig();
    const asked = rig.formations.scale(
      rig.ann,
      'hello',
      new Map([
        ['worker', { set: 1 }],
        ['web', change],
      ]),
      patient,
    );
    await expect(asked).rejects.toMatchObject({ id: 'invalid_params' });
    await expect(asked).rejects.toThrow('Quantity of web must be between 0 and 28.');
    expect(await rig.counts()).toEqual({ web: 1, worker: 0 });
    expect(rig.woken).toEqual([]);
  });

  it('names the types there are when asked for another one', async () => {
    const rig = await createRig();
    const asked = rig.formations.scale(rig.ann, 'hello', new Map([['clock', { set: 1 }]]), patient);
    await expect(asked).rejects.toMatchObject({ id: 'process_type_not_found' });
    await expect(asked).rejects.toThrow('There is no process type clock; this app has web, worker.');
    await rig.createApp('empty');
    await expect(
      rig.formations.scale(rig.ann, 'empty', new Map([['x'.repeat(100), { set: 1 }]]), patient),
    ).rejects.toThrow(`There is no process type ${'x'.repeat(60)}: nothing is deployed yet.`);
  });

  it('knows the types of a release that is on its way, and not those of one that failed', async () => {
    const rig = await createRig();
    const { deployment } = await rig.release(await rig.again(rig.app), imageOf(['web', 'mail']));
    await rig.formations.scale(rig.ann, 'hello', new Map([['mail', { set: 2 }]]), patient);
    expect(await rig.counts()).toEqual({ web: 1, mail: 2 });
    await rig.decide(deployment, 'web.1 exited.');
    expect(Object.keys(await rig.counts())).toEqual(['web', 'worker']);
  });

  it('lists the release command, of which nothing runs, and takes it back as it was listed', async () => {
    const rig = await createRig();
    await rig.release(await rig.again(rig.app), imageOf(['web', 'release']));
    expect(await rig.counts()).toEqual({ web: 1, release: 0 });
    const scale = (count: number) =>
      rig.formations.scale(rig.ann, 'hello', new Map([['release', { set: count }]]), patient);
    await expect(scale(1)).rejects.toMatchObject({ id: 'release_command_not_scalable' });
    await scale(0);
    expect((await rig.again(rig.app)).formation.has('release')).toBe(false);
  });

  it('adds up, however many change it at once', async () => {
    const rig = await createRig();
    await Promise.all(
      [1, 2, 3].map(() => rig.formations.scale(rig.ann, 'hello', new Map([['web', { by: 1 }]]), patient)),
    );
    expect(await rig.counts()).toEqual({ web: 4, worker: 0 });
  });

  it('gives up when it loses every race, having changed nothing', async () => {
    const rig = await createRig();
    const others = async (): Promise<unknown> => {
      const app = await rig.again(rig.app);
      return rig.apps.setFormation(app, new Map([...app.formation, ['worker', 9]]), patient);
    };
    for (let race = 0; race < 6; race += 1) {
      rig.mishaps.at('apps.setFormation', meanwhile(others));
      rig.mishaps.at('apps.setFormation', (call) => call()); // the other one's own
    }
    const asked = rig.formations.scale(rig.ann, 'hello', new Map([['web', { set: 7 }]]), patient);
    await expect(asked).rejects.toThrow(
      'hello was changed by someone else at the same moment; look again and retry.',
    );
    expect(rig.mishaps.unused()).toEqual([]);
    expect(await rig.counts()).toEqual({ web: 1, worker: 9 });
    expect(rig.woken).toEqual([]);
  });

  it('does what was asked or nothing, and never leaves 0 to 28 in all', async () => {
    const one = fc.oneof(
      fc.record({ set: fc.oneof(fc.integer({ min: -3, max: 33 }), fc.constantFrom(0, 14, 15, 28, 29)) }),
      fc.record({ by: fc.integer({ min: -20, max: 20 }) }),
    );
    const changes = fc.dictionary(fc.constantFrom('web', 'worker', 'clock'), one);
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 5 }), async (all) => {
        const rig = await createRig();
        for (const asked of all) {
          const before = await rig.counts();
          const wanted = Object.fromEntries(
            Object.entries(asked).map(([type, c]) => [type, 'set' in c ? c.set : (before[type] ?? 0) + c.by]),
          );
          const after = { ...before, ...wanted };
          const good =
            Object.entries(wanted).every(([type, n]) => type in before && n >= 0) &&
            Object.values(after).reduce((sum, n) => sum + n, 0) <= 28;
          const scaled = rig.formations.scale(rig.ann, 'hello', new Map(Object.entries(asked)), patient);
          expect(await scaled.then(Boolean, () => false)).toBe(good);
          expect(await rig.counts()).toEqual(good ? after : before);
        }
      }),
      { numRuns: 200 },
    );
  });
});

it('shows a stranger neither counts nor that there are any', async () => {
  const rig = await createRig();
  for (const asked of [
    rig.formations.list(rig.bob, 'hello', patient),
    rig.formations.scale(rig.bob, 'hello', new Map([['web', { set: 0 }]]), patient),
  ])
    await expect(asked).rejects.toMatchObject({ id: 'not_found', params: { resource: 'app' } });
  expect(await rig.counts()).toEqual({ web: 1, worker: 0 });
});
